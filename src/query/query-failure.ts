import type { Exchange } from '../carry-out.ts'
import { said, toBodyError, toReplyError } from '../failure.ts'
import { placeOf } from '../hogql/select.ts'
import { tablesIn } from '../hogql/tables.ts'
import { scan } from '../hogql/tokens.ts'
import type { Json } from '../operation.ts'
import { nearest } from '../schema/nearest.ts'
import { toNumber, toObject, toObjects, toText } from '../schema/reply-parts.ts'
import type { Snapshot } from '../schema/snapshot.ts'
import { toName } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'

/** The longest piece of PostHog's own words. */
const LONGEST = 600

/** Names that PostHog's errors quote (fact sheets: cross-cutting 9.4, tables 3.2). */
const UNKNOWN_TABLE = /unknown table[:\s]+[`'"]?([^`'"\s]+?)[`'".]*(?:\s|$)/i
const UNKNOWN_FIELD =
  /(?:unable to resolve field|field not found|unknown (?:column|field|identifier))[:\s]+[`'"]?([^`'"\s]+?)[`'".,]*(?:\s|$)/i

/** The place PostHog names, or where the name it quotes stands, if it stands in one place only. */
const toPlace = ({ sql, shift }: Failed, extra: Json, quoted: string | undefined): string | undefined => {
  const start = toNumber(toObjects(toObject(extra.hogql_metadata).errors)[0]?.start)
  if (start !== undefined) return placeOf(sql, start - shift)
  const scanned = scan(sql)
  if (quoted === undefined || 'broken' in scanned) return undefined
  const last = quoted.split('.').at(-1)
  const [token, ...others] = scanned.tokens.filter(
    ({ kind, value }) => (kind === 'word' || kind === 'name') && value === last,
  )
  return token === undefined || others.length > 0 ? undefined : placeOf(sql, token.start)
}

/** Names near the unknown one: tables of the project, or columns of the tables the SQL reads. */
const toHint = async ({ sql, schema }: Failed, words: string): Promise<string | undefined> => {
  const table = UNKNOWN_TABLE.exec(words)?.[1]
  if (/did you mean/i.test(words) || (table === undefined && !UNKNOWN_FIELD.test(words))) return undefined
  const snapshot = await schema()
  if (snapshot === undefined) return undefined
  if (table !== undefined) return toOffer(nearest(table, [...snapshot.byName.keys()]))
  const field = UNKNOWN_FIELD.exec(words)?.[1]?.split('.').at(-1)
  if (field === undefined) return undefined
  const columns = tablesIn(sql).flatMap((name) => snapshot.byName.get(name)?.columns ?? [])
  return toOffer(nearest(field, [...new Set(columns.map(({ sql: written, name }) => written ?? name))]))
}

const toOffer = (names: readonly string[]): string | undefined =>
  names.length === 0 ? undefined : `Did you mean ${names.map((name) => toName(name)).join(' or ')}?`

/** The text of a failed query: in the status object, or as any other error (fact sheet: cross-cutting 9.3, 9.4). */
export const wordsOf = (body: unknown): string | undefined => {
  const { query_status, detail } = toObject(body)
  return toText(toObject(query_status).error_message) ?? toText(detail)
}

/** What a query that PostHog did not run to its end is told as. */
export interface Failed {
  readonly sql: string
  /** Characters that came before the SQL as it was sent. */
  readonly shift: number
  readonly reply: Exchange
  /** Asked only for errors that name what is not there. */
  schema(): Promise<Snapshot | undefined>
}

/** The error of a query that failed: PostHog's words, where in the SQL, and what was probably meant. */
export const toQueryError = async (failed: Failed): Promise<ToolError> => {
  const { status, body, call } = failed.reply
  const value = body.kind === 'json' ? toObject(body.value) : {}
  const words = wordsOf(value)
  // A failure of the request, not of the SQL.
  const isSql = words !== undefined && (status === 200 || status === 400 || value.query_status !== undefined)
  if (!isSql && status >= 200 && status < 300) return toBodyError(call, status, body)
  if (!isSql) return toReplyError(call, failed.reply, body)
  const quoted = (UNKNOWN_TABLE.exec(words) ?? UNKNOWN_FIELD.exec(words))?.[1]
  const place = toPlace(failed, toObject(value.extra), quoted)
  const hint = await toHint(failed, words)
  return new ToolError(
    `PostHog refused the query of project ${call.project}${place === undefined ? '' : ` at ${place}`}: ${said(words, call, LONGEST)}${hint === undefined ? '' : `. ${hint}`}`,
    {
      kind: 'sql',
      next: 'Correct the SQL and run it again; the description of a table has the names and types of its columns',
    },
  )
}
