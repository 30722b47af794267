import leven from 'leven'

/** Names offered where one is unknown, and names compared letter by letter at most. */
const MOST = 3
const MOST_COMPARED = 20_000

/**
 * The names most like a wrong one, best first: those that contain it or are contained in it, then those a few letters
 * away. Empty where nothing is near.
 */
export const nearest = (wrong: string, names: readonly string[], most = MOST): readonly string[] => {
  const word = wrong.toLowerCase()
  const allowed = Math.max(2, Math.floor(word.length / 3))
  const near = names.slice(0, MOST_COMPARED).flatMap((name) => {
    const other = name.toLowerCase()
    if (other === word) return [{ name, far: 0 }]
    const within = word.length >= 3 && other.length >= 3 && (other.includes(word) || word.includes(other))
    const far = leven(word, other, { maxDistance: allowed + 1 })
    if (!within && far > allowed) return []
    return [{ name, far: within ? Math.min(far, 1 + Math.abs(other.length - word.length) / 10) : far }]
  })
  return near
    .sort((a, b) => a.far - b.far)
    .slice(0, most)
    .map(({ name }) => name)
}
