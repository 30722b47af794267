const strict = (s: string) =>
  encodeURIComponent(s).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
const ascii = (s: string) =>
  s.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
const html = (s: string, quote: string) =>
  s
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", quote)
const base64 = (before: string, s: string) => Buffer.from(`${before}${s}zz`).toString('base64')
const base64url = (before: string, s: string) => base64(before, s).replaceAll('+', '-').replaceAll('/', '_')

/** The secret as other programs write it; each entry is one program's habit. */
export const FORMS: Readonly<Record<string, (secret: string) => string>> = {
  raw: (s) => s,
  'encodeURIComponent (JavaScript)': encodeURIComponent,
  'URL with lower-case hex': (s) => encodeURIComponent(s).replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()),
  'URL twice': (s) => encodeURIComponent(encodeURIComponent(s)),
  'form encoding (URLSearchParams)': (s) => new URLSearchParams({ '': s }).toString().slice(1),
  'quote (Python: keeps the slash, encodes the rest)': (s) => strict(s).replaceAll('%2F', '/'),
  'quote, nothing safe (Python)': strict,
  'quote_plus (Python)': (s) => strict(s).replaceAll('%20', '+'),
  'JSON string': (s) => JSON.stringify(s).slice(1, -1),
  'JSON string in a JSON string': (s) => JSON.stringify(JSON.stringify(s).slice(1, -1)).slice(1, -1),
  'JSON in ASCII (Python json.dumps)': (s) => ascii(JSON.stringify(s).slice(1, -1)),
  'JSON in ASCII in a JSON string': (s) => JSON.stringify(ascii(JSON.stringify(s).slice(1, -1))).slice(1, -1),
  'HTML by name': (s) => html(s, '&#x27;'),
  'HTML with a decimal quote': (s) => html(s, '&#39;'),
  'HTML by number': (s) => s.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`),
  'hex, lower': (s) => Buffer.from(s).toString('hex'),
  'hex, upper': (s) => Buffer.from(s).toString('hex').toUpperCase(),
  'base64, first shift': (s) => base64('', s),
  'base64, second shift': (s) => base64('u', s),
  'base64, third shift': (s) => base64('u:', s),
  'base64url, first shift': (s) => base64url('', s),
  'base64url, second shift': (s) => base64url('u', s),
  'base64url, third shift': (s) => base64url('u:', s),
}

/** The forms of a secret that are found in a text. */
export const leaksIn = (text: string, secret: string): readonly string[] =>
  Object.entries(FORMS)
    .filter(([name, form]) => {
      const written = form(secret)
      // What base64 makes of the neighbours at either end is not the secret's.
      return text.includes(name.startsWith('base64') ? written.slice(4, -8) : written)
    })
    .map(([name]) => name)
