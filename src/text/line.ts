/** The first characters of a text; never half of one. */
export const cut = (text: string, longest: number): string => {
  const piece = text.slice(0, longest)
  // A pair of code units that stands for one character is not torn apart.
  return /[\uD800-\uDBFF]$/.test(piece) ? piece.slice(0, -1) : piece
}

/**
 * Somebody else's words as one line, cut with a mark: with breaks in them they could be taken for lines of ours.
 * Every value that came from data goes through here on its way into a text.
 */
export const toLine = (text: string, longest = 200): string => {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return line.length <= longest ? line : `${cut(line, longest)}… (cut)`
}
