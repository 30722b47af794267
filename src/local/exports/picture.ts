import type { PNG } from 'pngjs'
import { ExportError } from './export-error.ts'
import { GLYPH, inkOf } from './font.ts'
import { type ResultTable, toText } from './result-table.ts'

// A picture is looked at: what does not fit on a screen is counted below the table instead of drawn.
const MAX_ROWS = 40
const MAX_CELL = 40
const MAX_LINE = 200

const SCALE = 2
const CELL = { width: (GLYPH.width + 1) * SCALE, height: 22 } as const
const PADDING = 12
const GAP = 2

type Color = readonly [red: number, green: number, blue: number]
const PAPER: Color = [255, 255, 255]
const BAND: Color = [232, 236, 241]
const RULE: Color = [208, 213, 220]
const INK: Color = [29, 31, 39]
const FAINT: Color = [96, 103, 115]

const load = async () => {
  try {
    return (await import('pngjs')).PNG
  } catch {
    throw new ExportError('PNG exports of the local warehouse need a package: run `npm install pngjs`.')
  }
}

/** A line of a cell: the font has no line breaks, and long values are cut where it can be seen. */
const toLine = (value: unknown): string => {
  const characters = [
    ...toText(value)
      .slice(0, 4 * MAX_CELL)
      .replace(/\s/g, ' '),
  ]
  return characters.length > MAX_CELL ? `${characters.slice(0, MAX_CELL - 2).join('')}..` : characters.join('')
}

const lengthOf = (text: string): number => [...text].length

const paint = (image: PNG, left: number, top: number, width: number, height: number, color: Color): void => {
  for (let y = top; y < top + height; y += 1) {
    for (let x = left; x < left + width; x += 1) image.data.set([...color, 255], (y * image.width + x) * 4)
  }
}

const print = (image: PNG, text: string, left: number, top: number, color: Color): void => {
  for (const [index, character] of [...text].entries()) {
    for (const [x, y] of inkOf(character)) {
      paint(image, left + index * CELL.width + x * SCALE, top + y * SCALE, SCALE, SCALE, color)
    }
  }
}

interface Column {
  readonly lines: readonly string[]
  /** In characters. */
  readonly width: number
  readonly isNumber: boolean
}

const toColumns = ({ columns, types, rows }: ResultTable): readonly Column[] => {
  const all = columns.map((name, index): Column => {
    const lines = [name, ...rows.slice(0, MAX_ROWS).map((row) => row[index])].map(toLine)
    const isNumber = /^(Nullable\()?(U?Int|Float|Decimal)/.test(types[index]?.[1] ?? '')
    return { lines, width: Math.max(...lines.map(lengthOf)), isNumber }
  })
  const ends = all.map((_, index) => all.slice(0, index + 1).reduce((sum, { width }) => sum + width + GAP, 0))
  return all.filter((_, index) => index === 0 || (ends[index] ?? 0) <= MAX_LINE)
}

const toFooter = (table: ResultTable, drawn: number): string => {
  const rows = table.rows.length
  const parts = [
    rows > MAX_ROWS ? `first ${MAX_ROWS} of ${rows} rows` : `${rows} ${rows === 1 ? 'row' : 'rows'}`,
    ...(drawn < table.columns.length ? [`first ${drawn} of ${table.columns.length} columns`] : []),
  ]
  return parts.join(', ')
}

const drawColumn = (image: PNG, column: Column, left: number): void => {
  for (const [row, line] of column.lines.entries()) {
    const indent = column.isNumber ? column.width - lengthOf(line) : 0
    print(image, line, left + indent * CELL.width, PADDING + row * CELL.height + 3, INK)
  }
}

/** The table as a picture: a header, rows with rules between them, and how much of it there is. */
export const drawTable = async (table: ResultTable): Promise<Buffer> => {
  const Image = await load()
  const columns = toColumns(table)
  const footer = toFooter(table, columns.length)
  const characters = columns.reduce((sum, { width }) => sum + width + GAP, -GAP)
  const lines = columns[0]?.lines.length ?? 1
  const width = Math.max(characters, lengthOf(footer)) * CELL.width + 2 * PADDING
  const image = new Image({ width, height: (lines + 1) * CELL.height + 2 * PADDING + 4 })
  paint(image, 0, 0, image.width, image.height, PAPER)
  paint(image, 0, PADDING - 4, width, CELL.height, BAND)
  for (let line = 1; line <= lines; line += 1) paint(image, 0, PADDING - 4 + line * CELL.height, width, 1, RULE)
  let left = PADDING
  for (const column of columns) {
    drawColumn(image, column, left)
    left += (column.width + GAP) * CELL.width
  }
  print(image, footer, PADDING, PADDING + lines * CELL.height + 7, FAINT)
  return Image.sync.write(image)
}
