import { isSafeNumber, parse } from 'lossless-json'

/** A reply's body as far as it can be understood. */
export type Body =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'html' }
  /** Neither JSON nor a page: `broken` says that it claimed to be JSON. */
  | { readonly kind: 'other'; readonly broken: boolean }

/** A number as JavaScript has it, or its text where that would change it: 64-bit ids, long decimals. */
const toExact = (text: string): unknown => (isSafeNumber(text) ? Number(text) : text)

/**
 * Reads a body by what it is, because the content type lies behind some proxies.
 * @param exact keep, as text, the numbers JavaScript cannot hold
 */
export const readBody = (bytes: Uint8Array, contentType: string, exact = false): Body => {
  const text = new TextDecoder().decode(bytes).trim()
  if (text === '') return { kind: 'empty' }
  if (/^<(!doctype|html|\?xml|head|body)/i.test(text) || contentType.includes('text/html')) return { kind: 'html' }
  try {
    return { kind: 'json', value: exact ? parse(text, undefined, toExact) : JSON.parse(text) }
  } catch {
    return { kind: 'other', broken: contentType.includes('json') || /^[[{]/.test(text) }
  }
}
