import { expect } from 'vitest'

/** What a browser has of a page. */
export interface Visit {
  readonly url: string
  readonly status: number
  readonly html: string
  readonly headers: Headers
  readonly cookie: string
  readonly csrf: string
}

/** Opens a page as a browser does. @param cookie what it remembers already */
export const visit = async (url: string, cookie = ''): Promise<Visit> => {
  const reply = await fetch(url, { headers: cookie === '' ? {} : { cookie } })
  const html = await reply.text()
  return {
    url,
    status: reply.status,
    html,
    headers: reply.headers,
    cookie: reply.headers.get('set-cookie')?.split(';')[0] ?? cookie,
    csrf: /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? '',
  }
}

/** What differs from a form as the page made it. */
export interface Forged {
  readonly csrf?: string
  readonly cookie?: string
  readonly headers?: Record<string, string>
  readonly act?: string
}

/** Sends the form of a page. */
export const submit = async (
  { url, cookie, csrf }: Visit,
  fields: Readonly<Record<string, string>>,
  forged: Forged = {},
): Promise<{ readonly status: number; readonly html: string; readonly location: string | null }> => {
  const form = new FormData()
  form.set('csrf', forged.csrf ?? csrf)
  form.set('act', forged.act ?? 'send')
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  const headers = { origin: new URL(url).origin, cookie: forged.cookie ?? cookie, ...forged.headers }
  const reply = await fetch(url, { method: 'POST', body: form, headers, redirect: 'manual' })
  return { status: reply.status, html: await reply.text(), location: reply.headers.get('location') }
}

/** The link in the text of a result. */
export const linkIn = (text: string): string => {
  const link = /http:\/\/\S+\/ask\/[\w-]{43}/.exec(text)?.[0]
  expect(link, text).toBeDefined()
  return link ?? ''
}
