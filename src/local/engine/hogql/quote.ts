const written: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}

function body(text: string, quote: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what must be written out
  return text.replace(/[\\\x00\n\r\t\b\f]|['`]/g, (char) => {
    if (char === '\\' || char === quote) return `\\${char}`
    return written[char] ?? char
  })
}

/** A string literal for the engine, whatever the text holds. */
export function quoteString(text: string): string {
  return `'${body(text, "'")}'`
}

/** A name for the engine, whatever the text holds. */
export function quoteName(text: string): string {
  return `\`${body(text, '`')}\``
}
