import { type ResultTable, toText } from './result-table.ts'

/** Outer blanks are quoted too, because many readers trim them. */
const toCell = (value: unknown): string => {
  const text = toText(value)
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const toLine = (cells: readonly unknown[]): string => {
  const line = cells.map(toCell).join(',')
  // A line with nothing on it reads as no row at all.
  return `${line === '' ? '""' : line}\r\n`
}

/** A header line and one line per row (RFC 4180). Values are kept as they are, also those a spreadsheet would run. */
export const toCsv = ({ columns, rows }: ResultTable): string => [columns, ...rows].map(toLine).join('')
