import { isObject } from '../fields.ts'
import type { AvailableColumn, RowFilter } from './source-state.ts'

const OPERATORS = new Set(['>', '>=', '<', '<=', '=', '!=', 'IN', 'NOT IN'])
const SPELLINGS: Readonly<Record<string, string>> = { '==': '=', '<>': '!=' }
const MOST_FILTERS = 20
const MOST_VALUES = 1_000

/** Filters, or what is wrong with them in upstream's words (fact sheet: external-data-sources 3.3). */
export type ReadFilters = { readonly filters: readonly RowFilter[] | null } | { readonly error: string }

class Refusal extends Error {}

const isInteger = (type: string): boolean => /^(?:smallint|integer|bigint|tinyint|mediumint|int)\b/.test(type)

const checkValue = (value: unknown, column: AvailableColumn): string | number => {
  if (isInteger(column.data_type) && !/^-?\d+$/.test(String(value).trim())) {
    throw new Refusal(`Expected an integer value, got '${String(value)}'`)
  }
  if (typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'boolean') return String(value)
  throw new Refusal(`Unsupported value for column '${column.name}'`)
}

/** A list, or a text of items with commas between them, which may be in single quotes. */
const toItems = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value
  if (typeof value !== 'string') return value === null || value === undefined ? [] : [value]
  const items = value.match(/'(?:[^']|'')*'|[^,]+/g) ?? []
  return items
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => (/^'.*'$/s.test(item) ? item.slice(1, -1).replaceAll("''", "'") : item))
}

const readFilter = (raw: unknown, columns: readonly AvailableColumn[]): RowFilter => {
  if (!isObject(raw)) throw new Refusal('Each row filter must be an object')
  const column = columns.find(({ name }) => name === raw.column)
  if (column === undefined) throw new Refusal(`Unknown column '${String(raw.column)}' for this schema`)
  const written = String(raw.operator ?? '')
    .trim()
    .toUpperCase()
    .replace(/\s+/g, ' ')
  const operator = SPELLINGS[written] ?? written
  if (!OPERATORS.has(operator) || /^jsonb?$/.test(column.data_type)) {
    throw new Refusal(`Unsupported operator '${String(raw.operator)}' for column '${column.name}'`)
  }
  if (!operator.endsWith('IN')) return { column: column.name, operator, value: checkValue(raw.value, column) }
  const items = toItems(raw.value)
  if (items.length === 0) throw new Refusal('IN operator requires at least one value')
  if (items.length > MOST_VALUES) throw new Refusal(`Too many values for IN (max ${MOST_VALUES})`)
  return { column: column.name, operator, value: items.map((item) => checkValue(item, column)) }
}

/** Reads `row_filters`; null is none. */
export const readFilters = (raw: unknown, columns: readonly AvailableColumn[]): ReadFilters => {
  if (raw === undefined || raw === null) return { filters: null }
  try {
    if (!Array.isArray(raw)) throw new Refusal('Row filters must be a list')
    if (raw.length > MOST_FILTERS) throw new Refusal(`Too many row filters (max ${MOST_FILTERS})`)
    return { filters: raw.length === 0 ? null : raw.map((filter) => readFilter(filter, columns)) }
  } catch (error) {
    if (error instanceof Refusal) return { error: error.message }
    throw error
  }
}
