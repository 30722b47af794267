/** The framework's list envelope; links are absolute (fact sheet: cross-cutting 8). */
export interface Page<Row> {
  readonly count: number
  readonly next: string | null
  readonly previous: string | null
  readonly results: readonly Row[]
}

const DEFAULT_LIMIT = 100

const counted = (value: string | null, least: number, otherwise: number): number =>
  value !== null && /^\d+$/.test(value) && Number(value) >= least ? Number(value) : otherwise

/** The same address with other query values; null removes one. */
export const linkTo = (url: URL, values: Readonly<Record<string, number | null>>): string => {
  const link = new URL(url)
  for (const [name, value] of Object.entries(values)) {
    if (value === null) link.searchParams.delete(name)
    else link.searchParams.set(name, String(value))
  }
  return link.href
}

/** One page by `limit` and `offset`; bad values fall back to the defaults silently. */
export const byOffset = <Row>(rows: readonly Row[], url: URL): Page<Row> => {
  const limit = counted(url.searchParams.get('limit'), 1, DEFAULT_LIMIT)
  const offset = counted(url.searchParams.get('offset'), 0, 0)
  const before = offset - limit
  return {
    count: rows.length,
    next: offset + limit < rows.length ? linkTo(url, { limit, offset: offset + limit }) : null,
    previous: offset > 0 ? linkTo(url, { limit, offset: before > 0 ? before : null }) : null,
    results: rows.slice(offset, offset + limit),
  }
}
