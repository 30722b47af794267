import type { Json, Operation } from '../operation.ts'
import { toObject, toObjects } from '../schema/reply-parts.ts'
import type { Reader } from './reader.ts'

/** Pages of a list that are read at most. */
const MOST_PAGES = 5

/** The rows of a list, and whether they are all there are. */
export interface Listed {
  readonly rows: readonly Json[]
  readonly isWhole: boolean
}

/** Rows of all pages, or of those that are read; undefined where the list cannot be read, which the answer then says. */
export const listAll = (
  what: string,
  reader: Reader,
  operation: Operation,
  page: (index: number) => Json,
): Promise<Listed | undefined> =>
  reader.part(what, async () => {
    const rows: Json[] = []
    for (let index = 0; index < MOST_PAGES; index += 1) {
      const body = toObject(await reader.read(operation, page(index)))
      rows.push(...toObjects(body.results))
      if (typeof body.next !== 'string') return { rows, isWhole: true }
    }
    reader.lacks(`${what} after its first ${rows.length} rows`)
    return { rows, isWhole: false }
  })

/** All views, newest first, without their SQL. */
export const listViews = (reader: Reader, views: Operation): Promise<Listed | undefined> =>
  listAll('the list of views', reader, views, (index) => (index === 0 ? {} : { page: index + 1 }))
