/**
 * About how many tokens a text costs a model: digits go in threes, words in pieces, signs mostly one by one. Made to be
 * a little over the o200k count for rows of a table; `test/query` holds it to that.
 */
export const estimateTokens = (text: string): number => {
  let tokens = 0
  for (const [piece] of text.matchAll(/\d+|[A-Za-z]+|\s+|[^\sA-Za-z\d]+/g)) {
    const [first = ''] = piece
    if (/\d/.test(first)) tokens += Math.ceil(piece.length / 3)
    else if (/[A-Za-z]/.test(first)) tokens += Math.ceil(piece.length / 6)
    // Most words take the blank before them along.
    else if (/\s/.test(first)) tokens += piece === ' ' ? 0.25 : 1
    else tokens += piece.length
  }
  return Math.ceil(tokens)
}
