import { toCsv } from './csv.ts'
import { drawTable } from './picture.ts'
import type { ResultTable } from './result-table.ts'
import { toWorkbook } from './workbook.ts'

const DAY_MS = 86_400_000

interface Format {
  readonly extension: string
  /** Days until an export expires (fact sheet: files-exports 3.1). */
  readonly days: number
  /** Only upstream can make the others. */
  readonly write?: (table: ResultTable) => Promise<Buffer> | Buffer
}

const SPREADSHEET = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** Columns, types and rows as the query endpoint names them; the sheet does not say what upstream writes here. */
const toJson = ({ columns, types, rows }: ResultTable): Buffer =>
  Buffer.from(JSON.stringify({ columns, types, results: rows }))

const FORMATS: Readonly<Record<string, Format>> = {
  'image/png': { extension: 'png', days: 180, write: drawTable },
  'application/pdf': { extension: 'pdf', days: 180 },
  'text/csv': { extension: 'csv', days: 7, write: (table) => Buffer.from(toCsv(table)) },
  [SPREADSHEET]: { extension: 'xlsx', days: 7, write: toWorkbook },
  'video/webm': { extension: 'webm', days: 365 },
  'video/mp4': { extension: 'mp4', days: 365 },
  'image/gif': { extension: 'gif', days: 365 },
  'application/json': { extension: 'json', days: 180, write: toJson },
}

/** What is known of a format; undefined for one that cannot be created. */
export const formatOf = (name: unknown): Format | undefined =>
  typeof name === 'string' && Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined

/** Formats that only recordings of sessions have. */
export const isVideo = (name: string): boolean => ['video/webm', 'video/mp4', 'image/gif'].includes(name)

/** When an export made now ends: midnight UTC, some days from now. */
export const expiryOf = (format: string, now: number): string => {
  const days = formatOf(format)?.days ?? 0
  const midnight = Math.floor((now + days * DAY_MS) / DAY_MS) * DAY_MS
  return new Date(midnight).toISOString().replace('.000Z', 'Z')
}
