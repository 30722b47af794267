import type { Cell, SheetData } from 'write-excel-file/node'
import { ExportError } from './export-error.ts'
import { type ResultTable, toText } from './result-table.ts'

// Limits of the file format.
const MAX_ROWS = 1_048_576
const MAX_COLUMNS = 16_384
// Longer texts are cut, or no spreadsheet would open the file. The writer leaves out what XML has no way to write.
const MAX_TEXT = 32_767

const NUMERIC = /^(Nullable\()?(U?Int\d+|Float\d+|Decimal)/

const toCell = (value: unknown, type: string): Cell => {
  if (value === null || value === undefined) return null
  if (typeof value === 'boolean') return { type: Boolean, value }
  // The engine writes wide numbers as text; what a double holds exactly becomes a number again.
  if (NUMERIC.test(type) && Number.isFinite(Number(value)) && String(Number(value)) === String(value)) {
    return { type: Number, value: Number(value) }
  }
  return { type: String, value: toText(value).slice(0, MAX_TEXT) }
}

const load = async () => {
  try {
    return (await import('write-excel-file/node')).default
  } catch {
    throw new ExportError('XLSX exports of the local warehouse need a package: run `npm install write-excel-file`.')
  }
}

/** One sheet with a bold header row. Throws ExportError when the writer is not installed or the format is too small. */
export const toWorkbook = async ({ columns, types, rows }: ResultTable): Promise<Buffer> => {
  if (columns.length > MAX_COLUMNS || rows.length >= MAX_ROWS) {
    throw new ExportError('The result does not fit into one sheet of an XLSX file.')
  }
  const write = await load()
  const header: Cell[] = columns.map((name) => ({ type: String, value: name.slice(0, MAX_TEXT), fontWeight: 'bold' }))
  const sheet: SheetData = [
    header,
    ...rows.map((row) => columns.map((_, index) => toCell(row[index], types[index]?.[1] ?? ''))),
  ]
  return write(sheet, { sheet: 'Export' }).toBuffer()
}
