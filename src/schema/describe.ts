import { toTableIdentifier } from '../hogql/identifiers.ts'
import type { Json } from '../operation.ts'
import { toOutgoing } from '../outgoing.ts'
import { DEFAULT_TOKENS, toQueryResult } from '../query/query-result.ts'
import { type QueryAnswer, type QueryMeans, type QueryOrder, runQuery } from '../query/query-runner.ts'
import type { Asking } from '../question.ts'
import type { Redactor } from '../redact.ts'
import { toName } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'
import { nearestNames, toAbsence } from './absence.ts'
import { type Contents, toEntryJson, toSourceJson } from './contents.ts'
import { toEntryText, toSourceText } from './entry-text.ts'
import { toNumber } from './reply-parts.ts'
import type { SchemaCache } from './schema-cache.ts'
import type { Entry, Snapshot, Source } from './snapshot.ts'

/** All samples of one call together: less than clients wait for it. */
const SAMPLES_MS = 45_000

/** One table or view, masked, in both forms. */
export const describeEntry = (snapshot: Snapshot, entry: Entry, redactor: Redactor): Contents => {
  const json = toOutgoing(toEntryJson(snapshot, entry), redactor)
  return { json, text: toEntryText(json) }
}

/** One source, masked, in both forms. */
export const describeSource = (snapshot: Snapshot, source: Source, redactor: Redactor): Contents => {
  const json = toOutgoing(toSourceJson(snapshot, source), redactor)
  return { json, text: toSourceText(json) }
}

/** A table or view of this name, or else a source. */
const describeName = (snapshot: Snapshot, name: string, redactor: Redactor): Contents | undefined => {
  const entry = snapshot.byName.get(name)
  if (entry !== undefined) return describeEntry(snapshot, entry, redactor)
  const source = snapshot.sourceByName.get(name)
  return source === undefined ? undefined : describeSource(snapshot, source, redactor)
}

/** A name nobody knows, with what is near it and what is known of its absence. */
const toUnknown = (cache: SchemaCache, snapshot: Snapshot, name: string): Json => {
  const near = nearestNames(snapshot, name)
  const why = toAbsence(cache, snapshot, name)
  return { name, ...(near.length > 0 && { nearest: near }), ...(why !== '' && { why }) }
}

const toUnknownLine = ({ name, nearest: near, why }: Json): string => {
  const offer = Array.isArray(near)
    ? `nearest: ${near.map((each) => toName(String(each))).join(', ')}`
    : 'nothing is called like it'
  return `Unknown: ${toName(String(name))}; ${offer}${why === undefined ? '' : `. ${why}`}`
}

interface Means {
  readonly cache: SchemaCache
  /** Undefined where nobody may read rows. */
  readonly query: QueryMeans | undefined
}

/** Rows of one table, or why there are none. */
interface Sample {
  readonly name: string
  readonly json: Json
  readonly text: string
}

/** Rows of each table, one query after the other within one deadline and one budget; sources have none. */
const sample = async (
  query: QueryMeans,
  snapshot: Snapshot,
  names: readonly string[],
  rows: number,
  asking: Asking,
): Promise<readonly Sample[]> => {
  const { project } = snapshot
  const tables = names.filter((name) => snapshot.byName.has(name))
  const maxTokens = Math.max(200, Math.floor(DEFAULT_TOKENS / Math.max(1, tables.length)))
  const until = performance.now() + SAMPLES_MS
  const samples: Sample[] = []
  for (const name of tables) {
    const timeoutMs = until - performance.now()
    const { signal, progress, redactor } = asking
    const order = {
      project,
      sql: `SELECT * FROM ${toTableIdentifier(name)}`,
      limit: rows,
      timeoutMs,
      signal,
      ...(progress && { progress }),
    }
    samples.push(
      await sampleOne(query, name, order, (answer) =>
        toQueryResult(answer, { project, limit: rows, maxTokens, warning: query.budget.warning() }, redactor),
      ),
    )
  }
  return samples
}

/** One that fails takes nothing from the others, nor from what is known without rows. */
const sampleOne = async (
  query: QueryMeans,
  name: string,
  order: QueryOrder,
  toContents: (answer: QueryAnswer) => Contents,
): Promise<Sample> => {
  try {
    if (order.timeoutMs <= 0) throw new ToolError('There was no time left for it', { next: 'Ask for it alone' })
    return { name, ...toContents(await runQuery(query, order)) }
  } catch (error) {
    if (!(error instanceof ToolError) || order.signal.aborted) throw error
    return { name, json: { error: error.message }, text: `No rows: ${error.message}` }
  }
}

/** What every name stands for; names nobody knows get the nearest. @throws ToolError when none is known */
export const describeAll = async (
  { cache, query }: Means,
  project: number,
  input: Json,
  asking: Asking,
): Promise<Contents> => {
  const names = [...new Set((Array.isArray(input.names) ? input.names : []).map(String))]
  const rows = toNumber(input.sample)
  if (rows !== undefined && query === undefined)
    throw new ToolError('Rows may not be read here', { next: 'Call again without sample' })
  const isKnown = ({ byName, sourceByName }: Snapshot): boolean =>
    names.every((name) => byName.has(name) || sourceByName.has(name))
  const snapshot = await cache.getWith(project, isKnown, asking.signal)
  const found = names.map((name) => ({ name, contents: describeName(snapshot, name, asking.redactor) }))
  const described = found.flatMap(({ contents }) => contents ?? [])
  const unknown = found
    .filter(({ contents }) => contents === undefined)
    .map(({ name }) => toOutgoing(toUnknown(cache, snapshot, name), asking.redactor))
  if (described.length === 0)
    throw new ToolError(`Project ${project} has nothing of that name. ${unknown.map(toUnknownLine).join('. ')}`, {
      next: 'Use a name as the overview has it',
    })
  const samples = rows === undefined || query === undefined ? [] : await sample(query, snapshot, names, rows, asking)
  return {
    json: {
      described: described.map(({ json }) => json),
      ...(unknown.length > 0 && { unknown }),
      ...(samples.length > 0 && { samples: samples.map(({ name, json }) => ({ name, ...json })) }),
    },
    text: [
      ...described.map(({ text }) => text),
      ...unknown.map(toUnknownLine),
      ...samples.map(({ name, text }) => `Sample of ${toName(name)}. ${text}`),
    ].join('\n\n'),
  }
}
