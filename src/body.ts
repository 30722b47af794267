/** A reply's body as far as it can be understood. */
export type Body =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'html' }
  /** Neither JSON nor a page: `broken` says that it claimed to be JSON. */
  | { readonly kind: 'other'; readonly broken: boolean }

/** Reads a body by what it is, because the content type lies behind some proxies. */
export const readBody = (bytes: Uint8Array, contentType: string): Body => {
  const text = new TextDecoder().decode(bytes).trim()
  if (text === '') return { kind: 'empty' }
  if (/^<(!doctype|html|\?xml|head|body)/i.test(text) || contentType.includes('text/html')) return { kind: 'html' }
  try {
    return { kind: 'json', value: JSON.parse(text) }
  } catch {
    return { kind: 'other', broken: contentType.includes('json') || /^[[{]/.test(text) }
  }
}
