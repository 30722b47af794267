import type { LineageReads } from '../derivation.ts'
import type { Json } from '../operation.ts'
import { toNumber, toObject, toText } from '../schema/reply-parts.ts'
import { StatusError } from '../status-error.ts'
import { toName } from '../text/line.ts'
import { type Lineage, type NodeOf, nodesIn, reach, toLineage, type ViewText } from './lineage.ts'
import { listTables, namesFrom, namesOf, textsOf } from './lineage-names.ts'
import { listViews } from './lists.ts'
import { AT_ONCE, type Reader } from './reader.ts'

/** The view that is asked about; without SQL where the key may not read it. */
interface Own {
  readonly id: string
  readonly sql?: string
}

type Asks = 'ancestors' | 'descendants' | 'counts'

/** Views whose SQL is read one by one where the schema cannot be read. */
const MOST_VIEWS = 30
/** Unknown names that are said. */
const MOST_NAMES = 10

/** What of a lineage could be found out. */
interface Traced extends Pick<Lineage, 'parentsOf' | 'childrenOf'> {
  readonly unknown: ReadonlySet<string>
  /** Whether the SQL of every view was read, so that who reads a view is known. */
  readonly isWhole: boolean
}

/**
 * The lineage of one view from the SQL of all: from the schema in one read where the key may read it, otherwise view by
 * view, as far as that is bearable.
 * @returns undefined where too little can be read
 * @throws ToolError where the view is not there
 */
export const deriveLineage = async (
  asks: Asks,
  reads: LineageReads,
  input: Json,
  reader: Reader,
  mask: (text: string) => string,
): Promise<Json | undefined> => {
  const own = await readView(reads, String(input.id).toLowerCase(), reader)
  const traced = (await fromSchema(reads, own, reader)) ?? (await fromViews(asks, reads, own, reader))
  if (traced === undefined) return undefined
  tellUnknown(traced.unknown, reader, mask)
  const hops = toNumber(input.level)
  if (asks === 'ancestors') return { ancestors: reach(own.id, traced.parentsOf, hops) }
  if (asks === 'descendants') return { descendants: reach(own.id, traced.childrenOf, hops) }
  const downstream = traced.childrenOf(own.id).length
  // What was counted among some of the views is no count.
  if (!traced.isWhole) reader.lacks(`downstream_count: at least ${downstream}`)
  return { upstream_count: traced.parentsOf(own.id).length, ...(traced.isWhole && { downstream_count: downstream }) }
}

/** A view that is not there ends it; one that the key may not read may still be in the schema. */
const readView = async ({ view }: LineageReads, id: string, reader: Reader): Promise<Own> => {
  try {
    const body = toObject(await reader.read(view, { id }))
    const sql = toText(toObject(body.query).query)
    return { id: toText(body.id) ?? id, ...(sql !== undefined && { sql }) }
  } catch (error) {
    if (!(error instanceof StatusError) || error.status !== 403) throw error
    reader.lacksPart('the view itself', error)
    return { id }
  }
}

const fromSchema = async (reads: LineageReads, own: Own, reader: Reader): Promise<Traced | undefined> => {
  const snapshot = await reader.part('the schema', () =>
    reader.schema(({ entries }) =>
      entries.some(({ id, sql }) => id === own.id && (own.sql === undefined || sql === own.sql)),
    ),
  )
  const texts = snapshot && textsOf(snapshot)
  if (snapshot === undefined || texts === undefined) return undefined
  if (own.sql === undefined && !texts.some(({ id }) => id === own.id)) return undefined
  const views = withOwn(texts, own)
  const names = namesOf(snapshot)
  const first = toLineage(views, names)
  if (first.unknown.size === 0) return { ...first, isWhole: true }
  const stored = await listTables(reader, reads)
  const known: NodeOf = (name) => names(name) ?? stored?.get(name)
  return { ...toLineage(views, known), isWhole: true }
}

/** The view's own SQL is newer than what the schema has of it. */
const withOwn = (texts: readonly ViewText[], { id, sql }: Own) =>
  sql === undefined ? texts : [...texts.filter((text) => text.id !== id), { id, sql }]

/** Without a schema the SQL of each view is a request of its own. */
const fromViews = async (
  asks: Asks,
  reads: LineageReads,
  { id, sql }: Own,
  reader: Reader,
): Promise<Traced | undefined> => {
  const listed = await listViews(reader, reads.views)
  if (sql === undefined || listed === undefined) return undefined
  const { rows: views, isWhole } = listed
  const names = namesFrom(views, await listTables(reader, reads))
  const ids = views.flatMap((row) => toText(row.id) ?? []).filter((other) => other !== id)
  const unknown = new Set<string>()
  const texts = new Map([[id, sql]])
  const isView = new Set(ids)
  let unread = 0
  // Upwards only the views that are met are read, downwards all of them.
  let wanted = asks === 'ancestors' ? nodesIn({ id, sql }, names, unknown) : ids
  const isTooMany = (): boolean => texts.size > MOST_VIEWS || reader.left < AT_ONCE
  while (wanted.length > 0 && !isTooMany()) {
    const batch = wanted.slice(0, AT_ONCE).filter((node) => isView.has(node) && !texts.has(node))
    const read = await Promise.all(batch.map((node) => textOf(reads, node, reader)))
    for (const text of read) if (text !== undefined) texts.set(text.id, text.sql)
    unread += read.filter((text) => text === undefined).length
    const met = asks === 'ancestors' ? read.flatMap((text) => text && nodesIn(text, names, unknown)) : []
    wanted = [...wanted.slice(AT_ONCE), ...met.flatMap((node) => node ?? [])]
  }
  const missed = unread + wanted.filter((node) => isView.has(node) && !texts.has(node)).length
  if (missed > 0) reader.lacks(`the SQL of ${missed} of ${views.length} views, each a request of its own`)
  reader.lacks('which names are tables of PostHog: those that are no view and no table were taken for them')
  const all = [...texts].map(([node, text]) => ({ id: node, sql: text }))
  return { ...toLineage(all, names), isWhole: isWhole && missed === 0 }
}

const textOf = async ({ view }: LineageReads, id: string, reader: Reader): Promise<ViewText | undefined> => {
  const body = await reader.part('the SQL of a view', () => reader.read(view, { id }))
  const sql = toText(toObject(toObject(body).query).query)
  return sql === undefined ? undefined : { id, sql }
}

const tellUnknown = (unknown: ReadonlySet<string>, reader: Reader, mask: (text: string) => string): void => {
  if (unknown.size === 0) return
  const names = [...unknown].slice(0, MOST_NAMES).map((name) => toName(mask(name)))
  const more = unknown.size > MOST_NAMES ? ` and ${unknown.size - MOST_NAMES} more` : ''
  reader.lacks(`what these names in SQL are, nothing that this key sees: ${names.join(', ')}${more}`)
}
