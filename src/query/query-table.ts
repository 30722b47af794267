import type { Json } from '../operation.ts'
import { toText } from '../schema/reply-parts.ts'
import { cut } from '../text/line.ts'
import { estimateTokens } from '../text/token-estimate.ts'

/** A column of an answer; the type is ClickHouse's word, absent where PostHog does not say. */
export interface AnswerColumn {
  readonly name: string
  readonly type?: string
}

/** Columns and rows as PostHog sent them. */
export interface AnswerRows {
  readonly columns: readonly AnswerColumn[]
  readonly rows: readonly (readonly unknown[])[]
}

/** Rows as far as they may be shown, and what was left out. */
export interface AnswerTable extends AnswerRows {
  /** Rows that came and are not shown, for the budget. */
  readonly held: number
  /** Columns that came and are not shown, for the budget. */
  readonly heldColumns: number
  /** Characters that cells were cut to, if one was. */
  readonly cutTo: number | undefined
}

/** Characters of a cell; more of one value would push the others out. */
const LONGEST_CELL = 1_000
const SHORTEST_CELL = 20
/** Of a budget, what the line of columns may take. */
const FOR_COLUMNS = 0.5

/** The columns and rows of PostHog's answer; undefined when it has none (fact sheet: cross-cutting 9.2). */
export const readAnswer = (body: Json): AnswerRows | undefined => {
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

const shorten = (cell: unknown, longest: number): unknown => {
  const text = typeof cell === 'string' ? cell : typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : ''
  if (text.length <= longest) return cell
  // In a narrow cell how long it was would take more than what is shown.
  return `${cut(text, longest)}…${longest < LONGEST_CELL ? '' : ` (cut, ${text.length} characters)`}`
}

/** One cell in a line: tabs and breaks would look like other cells and rows. */
const toCell = (cell: unknown): string => {
  if (cell === null || cell === undefined) return 'NULL'
  if (typeof cell === 'object') return JSON.stringify(cell)
  const text = String(cell)
  return text === '' || text === 'NULL' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) ? JSON.stringify(text) : text
}

/** A row as a model reads it. */
export const toCells = (row: readonly unknown[]): string => row.map(toCell).join('\t')

/** With the bar before it and the break behind it. */
const costOf = (row: readonly unknown[]): number => estimateTokens(toCells(row)) + 2

/** As many columns as their line may take, one at least. */
const fitColumns = (columns: readonly AnswerColumn[], budget: number): readonly AnswerColumn[] => {
  let left = budget * FOR_COLUMNS
  const kept = columns.filter(({ name, type = '' }, at) => {
    left -= estimateTokens(`${name} ${type} `)
    return left >= 0 || at === 0
  })
  return kept
}

/** The longest that cells may be for a row to fit; the shortest if it does not even then. */
const fitCells = (row: readonly unknown[], budget: number): number => {
  for (let longest = LONGEST_CELL; longest > SHORTEST_CELL; longest = Math.floor(longest / 2))
    if (costOf(row.map((cell) => shorten(cell, longest))) <= budget) return longest
  return SHORTEST_CELL
}

/** As many rows as the budget holds, at least one; its cells are cut further where it is too wide. @param budget in tokens */
export const toTable = (answer: AnswerRows, budget: number): AnswerTable => {
  const columns = fitColumns(answer.columns, budget)
  let left = budget - columns.reduce((sum, { name, type = '' }) => sum + estimateTokens(`${name} ${type} `), 0)
  const rows = answer.rows.map((row) => row.slice(0, columns.length))
  const longest = rows[0] === undefined ? LONGEST_CELL : fitCells(rows[0], left)
  let isCut = false
  const shown: unknown[][] = []
  for (const row of rows) {
    const cells = row.map((cell) => shorten(cell, longest))
    left -= costOf(cells)
    if (left < 0 && shown.length > 0) break
    isCut ||= cells.some((cell, at) => cell !== row[at])
    shown.push(cells)
  }
  return {
    columns,
    rows: shown,
    held: rows.length - shown.length,
    heldColumns: answer.columns.length - columns.length,
    cutTo: isCut ? longest : undefined,
  }
}

/** What PostHog says of its own answer. */
export const toRemarks = (body: Json): { readonly more: boolean; readonly cachedAt: string | undefined } => ({
  more: body.hasMore === true,
  cachedAt: body.is_cached === true ? toText(body.last_refresh) : undefined,
})
