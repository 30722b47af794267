import type { LineageReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toText } from '../schema/reply-parts.ts'
import type { Snapshot } from '../schema/snapshot.ts'
import type { NodeOf, ViewText } from './lineage.ts'
import { listAll } from './lists.ts'
import type { Reader } from './reader.ts'

/** Rows of a page of tables. */
const PAGE = 1000

const byName = (rows: readonly Json[] = []): ReadonlyMap<string, string> =>
  new Map(
    rows.flatMap(({ name, id }) => {
      const [key, node] = [toText(name), toText(id)]
      return key === undefined || node === undefined ? [] : [[key, node] as const]
    }),
  )

/** Tables under the names they are stored with, which SQL may use too. */
export const listTables = async (
  reader: Reader,
  { tables }: LineageReads,
): Promise<ReadonlyMap<string, string> | undefined> => {
  const page = (index: number) => ({ limit: PAGE, offset: index * PAGE })
  const found = await listAll('the names tables are stored under', reader, tables, page)
  return found && byName(found.rows)
}

/** What names stand for, as the schema has it; PostHog's own tables are called by their names. */
export const namesOf = ({ byName: entries }: Snapshot): NodeOf => {
  return (name) => {
    const entry = entries.get(name)
    return entry?.kind === 'posthog' ? name : entry?.id
  }
}

/** The views of a snapshot with their SQL; undefined where a release tells no SQL. */
export const textsOf = ({ entries }: Snapshot): readonly ViewText[] | undefined => {
  const views = entries.filter(({ group }) => group === 'views')
  const texts = views.flatMap(({ id, sql }) => (id === undefined || sql === undefined ? [] : [{ id, sql }]))
  return views.length > 0 && texts.length === 0 ? undefined : texts
}

/** What names stand for without a schema: views, then tables; what is neither is taken for a table of PostHog's own. */
export const namesFrom = (views: readonly Json[], tables: ReadonlyMap<string, string> | undefined): NodeOf => {
  const known = byName(views)
  return (name) => known.get(name) ?? (tables === undefined ? undefined : (tables.get(name) ?? name))
}
