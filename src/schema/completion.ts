/** Names sent at once; the protocol allows no more. */
const MOST = 100

/** What `completion/complete` answers. */
export interface Completion {
  readonly values: string[]
  readonly total: number
  readonly hasMore: boolean
}

/** Names that begin with what was typed, then those that contain it; each in the order given. */
export const complete = (typed: string, names: readonly string[]): Completion => {
  const word = typed.toLowerCase()
  const begins: string[] = []
  const contains: string[] = []
  for (const name of names) {
    const at = name.toLowerCase().indexOf(word)
    if (at === 0) begins.push(name)
    else if (at > 0) contains.push(name)
  }
  const all = [...begins, ...contains]
  return { values: all.slice(0, MOST), total: all.length, hasMore: all.length > MOST }
}
