/** How much of a list is kept. The oldest go first; lists have their newest last. */
export interface Bounds<T> {
  readonly most: number
  /** The same of those with one owner; needs `ownerOf`. */
  readonly mostOfOne?: number
  /** Characters all of them take together, as `lengthOf` counts them. */
  readonly mostLength?: number
  readonly ownerOf?: (item: T) => string
  readonly lengthOf?: (item: T) => number
  /** The newest one of each of these stays whatever the bounds say; undefined pins nothing. */
  readonly pinOf?: (item: T) => string | undefined
}

const lengths = new WeakMap<object, number>()

/** Characters of an object that never changes, as JSON. */
export const lengthOf = (item: object): number => {
  const known = lengths.get(item)
  if (known !== undefined) return known
  const length = JSON.stringify(item).length
  lengths.set(item, length)
  return length
}

/** Whatever of a list is beyond its bounds, in no order. */
const beyond = <T>(list: readonly T[], bounds: Bounds<T>): ReadonlySet<T> => {
  const { most, mostOfOne = most, mostLength = Number.POSITIVE_INFINITY } = bounds
  const dropped = new Set<T>()
  const owned = new Map<string, number>()
  const pinned = new Set<string>()
  let length = 0
  let kept = 0
  for (const item of [...list].reverse()) {
    const owner = bounds.ownerOf?.(item) ?? ''
    const pin = bounds.pinOf?.(item)
    const isWithin = kept < most && (owned.get(owner) ?? 0) < mostOfOne
    if (isWithin) length += bounds.lengthOf?.(item) ?? 0
    if ((isWithin && length <= mostLength) || (pin !== undefined && !pinned.has(pin))) {
      kept += 1
      owned.set(owner, (owned.get(owner) ?? 0) + 1)
    } else dropped.add(item)
    if (pin !== undefined) pinned.add(pin)
  }
  return dropped
}

/** Removes from a list, in place, what is in a set. */
export const removeAll = <T>(list: T[], gone: ReadonlySet<T>): void => {
  if (gone.size === 0) return
  let at = 0
  for (const item of list) if (!gone.has(item)) list[at++] = item
  list.length = at
}

/** Keeps a list, or the part of it in `among`, within its bounds. Answers what it took out. */
export const bound = <T>(list: T[], bounds: Bounds<T>, among: readonly T[] = list): ReadonlySet<T> => {
  const isSmall = among.length <= (bounds.mostOfOne ?? bounds.most) && bounds.mostLength === undefined
  const gone = isSmall ? new Set<T>() : beyond(among, bounds)
  removeAll(list, gone)
  return gone
}
