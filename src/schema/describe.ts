import { toTableIdentifier } from '../hogql/identifiers.ts'
import type { Json } from '../operation.ts'
import { DEFAULT_TOKENS, toQueryResult } from '../query/query-result.ts'
import { type QueryMeans, runQuery } from '../query/query-runner.ts'
import type { Asking } from '../question.ts'
import type { Redactor } from '../redact.ts'
import { ToolError } from '../tool-error.ts'
import { type Contents, masked, toEntryJson, toSourceJson } from './contents.ts'
import { toEntryText, toSourceText } from './entry-text.ts'
import { nearest } from './nearest.ts'
import { toNumber } from './reply-parts.ts'
import type { SchemaCache } from './schema-cache.ts'
import type { Entry, Snapshot, Source } from './snapshot.ts'

/** A sample is a query like any other, and ends like one. */
const SAMPLE_MS = 40_000

/** One table or view, masked, in both forms. */
export const describeEntry = (snapshot: Snapshot, entry: Entry, redactor: Redactor): Contents => {
  const json = masked(toEntryJson(snapshot, entry), redactor)
  return { json, text: toEntryText(json) }
}

/** One source, masked, in both forms. */
export const describeSource = (snapshot: Snapshot, source: Source, redactor: Redactor): Contents => {
  const json = masked(toSourceJson(snapshot, source), redactor)
  return { json, text: toSourceText(json) }
}

/** A table or view of this name, or else a source. */
const describeName = (snapshot: Snapshot, name: string, redactor: Redactor): Contents | undefined => {
  const entry = snapshot.byName.get(name)
  if (entry !== undefined) return describeEntry(snapshot, entry, redactor)
  const source = snapshot.sourceByName.get(name)
  return source === undefined ? undefined : describeSource(snapshot, source, redactor)
}

/** Names like a wrong one. */
export const nearestNames = (snapshot: Snapshot, name: string): readonly string[] =>
  nearest(name, [...snapshot.byName.keys(), ...snapshot.sourceByName.keys()])

const toUnknown = (snapshot: Snapshot, name: string): Json => {
  const near = nearestNames(snapshot, name)
  return { name, ...(near.length > 0 && { nearest: near }) }
}

const toUnknownLine = ({ name, nearest: near }: Json): string =>
  `Unknown: ${name}${Array.isArray(near) ? `; nearest: ${near.join(', ')}` : '; nothing is called like it'}`

interface Means {
  readonly cache: SchemaCache
  readonly query: QueryMeans
}

/** Rows of each table, one query after the other; sources have none. */
const sample = async (
  { query }: Means,
  snapshot: Snapshot,
  names: readonly string[],
  rows: number,
  asking: Asking,
): Promise<readonly { readonly name: string; readonly contents: Contents }[]> => {
  const samples: { name: string; contents: Contents }[] = []
  const { project } = snapshot
  for (const name of names) {
    if (!snapshot.byName.has(name)) continue
    const sql = `SELECT * FROM ${toTableIdentifier(name)}`
    const answer = await runQuery(query, { project, sql, limit: rows, timeoutMs: SAMPLE_MS, signal: asking.signal })
    const shown = { project, limit: rows, maxTokens: DEFAULT_TOKENS, warning: query.budget.warning() }
    samples.push({ name, contents: toQueryResult(answer, shown, asking.redactor) })
  }
  return samples
}

/** What every name stands for; names nobody knows get the nearest. @throws ToolError when none is known */
export const describeAll = async (means: Means, project: number, input: Json, asking: Asking): Promise<Contents> => {
  const snapshot = await means.cache.get(project, asking.signal)
  const names = [...new Set((Array.isArray(input.names) ? input.names : []).map(String))]
  const found = names.map((name) => ({ name, contents: describeName(snapshot, name, asking.redactor) }))
  const described = found.flatMap(({ contents }) => contents ?? [])
  const unknown = found.filter(({ contents }) => contents === undefined).map(({ name }) => toUnknown(snapshot, name))
  if (described.length === 0)
    throw new ToolError(`Project ${project} has nothing of that name. ${unknown.map(toUnknownLine).join('. ')}`, {
      next: 'Use a name as the overview has it; a table that was dropped is not there any more',
    })
  const rows = toNumber(input.sample)
  const samples = rows === undefined ? [] : await sample(means, snapshot, names, rows, asking)
  return {
    json: {
      described: described.map(({ json }) => json),
      ...(unknown.length > 0 && { unknown }),
      ...(samples.length > 0 && { samples: samples.map(({ name, contents }) => ({ name, ...contents.json })) }),
    },
    text: [
      ...described.map(({ text }) => text),
      ...unknown.map(toUnknownLine),
      ...samples.map(({ name, contents }) => `Sample of ${name}. ${contents.text}`),
    ].join('\n\n'),
  }
}
