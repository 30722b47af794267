import type { Json } from '../operation.ts'
import { toObject, toText } from '../schema/reply-parts.ts'
import { estimateTokens } from './token-estimate.ts'

/** A column of an answer; the type is ClickHouse's word, absent where PostHog does not say. */
export interface AnswerColumn {
  readonly name: string
  readonly type?: string
}

/** Rows as far as they may be shown, and what was left out. */
export interface AnswerTable {
  readonly columns: readonly AnswerColumn[]
  readonly rows: readonly (readonly unknown[])[]
  /** Rows that came and are not shown, for the budget. */
  readonly held: number
  /** Whether a cell was shortened. */
  readonly shortened: boolean
}

/** Characters of a cell; more of one value would push the others out. */
const LONGEST_CELL = 1_000

/** The columns and rows of PostHog's answer; undefined when it has none (fact sheet: cross-cutting 9.2). */
export const readAnswer = (
  body: Json,
): { readonly columns: readonly AnswerColumn[]; readonly rows: readonly (readonly unknown[])[] } | undefined => {
  const { results, columns, types } = body
  if (!Array.isArray(results) || !results.every(Array.isArray)) return undefined
  const names: unknown[] = Array.isArray(columns) ? columns : []
  const width = Math.max(names.length, ...results.slice(0, 1).map((row) => row.length))
  return {
    rows: results,
    columns: Array.from({ length: width }, (_, at) => {
      // A pair of name and type; older releases send the type alone.
      const pair: unknown = Array.isArray(types) ? types[at] : undefined
      const type = toText(Array.isArray(pair) ? pair[1] : pair)
      return { name: String(names[at] ?? `column ${at + 1}`), ...(type === undefined ? {} : { type }) }
    }),
  }
}

const shorten = (cell: unknown): unknown => {
  const text = typeof cell === 'string' ? cell : typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : ''
  return text.length <= LONGEST_CELL ? cell : `${text.slice(0, LONGEST_CELL)}… (cut, ${text.length} characters)`
}

/** One cell in a line: tabs and breaks would look like other cells and rows. */
const toCell = (cell: unknown): string => {
  if (cell === null || cell === undefined) return 'NULL'
  if (typeof cell === 'object') return JSON.stringify(cell)
  const text = String(cell)
  return text === '' || text === 'NULL' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) ? JSON.stringify(text) : text
}

/** A row as a model reads it. */
export const toLine = (row: readonly unknown[]): string => row.map(toCell).join('\t')

/** As many rows as the budget holds, at least one. @param budget in tokens */
export const toTable = ({ columns, rows }: NonNullable<ReturnType<typeof readAnswer>>, budget: number): AnswerTable => {
  let left = budget - columns.reduce((sum, { name, type = '' }) => sum + estimateTokens(`${name} ${type} `), 0)
  let shortened = false
  const shown: unknown[][] = []
  for (const row of rows) {
    const cells = row.map(shorten)
    left -= estimateTokens(toLine(cells)) + 1
    if (left < 0 && shown.length > 0) break
    shortened ||= cells.some((cell, at) => cell !== row[at])
    shown.push(cells)
  }
  return { columns, rows: shown, held: rows.length - shown.length, shortened }
}

/** What PostHog says of its own answer. */
export const toRemarks = (body: Json): { readonly more: boolean; readonly cachedAt: string | undefined } => ({
  more: toObject(body).hasMore === true,
  cachedAt: body.is_cached === true ? toText(body.last_refresh) : undefined,
})
