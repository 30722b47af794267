import { toPostHogType } from '../column-types.ts'
import { type EngineColumn, EngineError } from '../engine/engine.ts'
import type { World } from '../world.ts'
import { toBucketError, toRowsError } from './bucket-errors.ts'
import {
  type BucketTable,
  type FilePart,
  isPattern,
  stemOf,
  toBucketTables,
  toParts,
  urlBelow,
  urlOf,
} from './bucket-files.ts'
import { listFiles, type Place, sourceAt, toPlace } from './bucket-place.ts'
import { type Connector, type EngineReading, type ReadRequest, SourceError, type SourceTable } from './connector.ts'

// Fact sheet: external-data-sources 2.2, #15.
const CRASHED =
  "We couldn't validate those credentials. Check they're correct and have the required access, then try again."

const PATTERN = 'The local warehouse cannot read names with *, ?, {, }, | or :: in them.'

// Each of them costs a look into a file whenever the source is looked at.
const MOST_TABLES = 200

const listTables = async (world: World, place: Place, signal: AbortSignal): Promise<readonly BucketTable[]> => {
  const files = await listFiles(world, place, urlBelow(place.base, '', place.kind), signal)
  const tables = toBucketTables(files, place.base, place.kind)
  if (tables.length <= MOST_TABLES) return tables
  throw new SourceError(
    'other',
    `There are more than ${MOST_TABLES} folders and files directly below this URL, and each would be a table. Put files that belong together into one folder.`,
  )
}

const toColumns = (columns: readonly EngineColumn[]): SourceTable['columns'] =>
  columns.map(({ name, clickhouse }) => ({
    name,
    type: toPostHogType(clickhouse),
    nullable: clickhouse.startsWith('Nullable('),
  }))

/** One table that cannot be read is said to be so, and keeps nobody from the others. */
const describeTable = async (
  world: World,
  place: Place,
  table: BucketTable,
  signal: AbortSignal,
): Promise<SourceTable> => {
  const told = {
    name: table.name,
    columns: [],
    // Files have no order and no index, so they are read whole.
    cursors: [],
    primaryKey: null,
    rows: null,
    description: null,
    xmin: null,
    permissionError: null,
    rlsWarning: null,
  }
  if (isPattern(table.entry)) return { ...told, permissionError: PATTERN }
  try {
    const source = sourceAt(place, urlOf(place.base, table, place.kind))
    return { ...told, columns: toColumns(await world.engine.describe(source, signal, true)) }
  } catch (error) {
    if (!(error instanceof EngineError && error.reason === 'storage')) throw error
    return { ...told, permissionError: error.message }
  }
}

const findTable = async (world: World, place: Place, name: string, signal: AbortSignal): Promise<BucketTable> => {
  const { base, kind } = place
  if (isPattern(name)) throw new SourceError('table', PATTERN)
  const files = await listFiles(world, place, urlBelow(base, stemOf(name, kind), kind), signal)
  const tables = toBucketTables(files, base, kind)
  const table = tables.find((one) => one.name === name) ?? tables.find(({ entry }) => entry === name)
  if (table === undefined) throw new SourceError('table', `The source has no table named '${name}' any more.`)
  return table
}

const checkColumns = (columns: readonly EngineColumn[], { table, columns: wanted, filters }: ReadRequest): void => {
  const named = [...(wanted ?? []), ...filters.map(({ column }) => column)]
  const gone = named.find((name) => !columns.some((column) => column.name === name))
  if (gone === undefined) return
  throw new SourceError('table', `The table '${table}' has no column named '${gone}' any more.`)
}

/** A column of the name the engine gives to paths hides them, and its NULLs are in no part: such files are read at once. */
const partsOf = ({ files }: BucketTable, columns: readonly EngineColumn[]): readonly FilePart[] => {
  if (!columns.some(({ name }) => name === '_path')) return toParts(files)
  return [{ after: null, upTo: null, bytes: files.reduce((sum, file) => sum + file.bytes, 0) }]
}

const read = async (world: World, place: Place, request: ReadRequest, signal: AbortSignal): Promise<EngineReading> => {
  if (request.cursor !== null) {
    throw new SourceError('data', 'The local warehouse reads the files of a bucket whole: use full_refresh.')
  }
  const table = await findTable(world, place, request.table, signal)
  const source = sourceAt(place, urlOf(place.base, table, place.kind))
  const columns = await world.engine.describe(source, signal, true)
  checkColumns(columns, request)
  const wanted = request.columns ?? columns.map(({ name }) => name)
  const rows = { source, columns, wanted, conditions: request.filters }
  return {
    columns: columns.filter(({ name }) => wanted.includes(name)),
    cursor: null,
    parts: partsOf(table, columns).map(({ bytes, after, upTo }) => ({
      bytes,
      pull: (into) =>
        world.engine.rows.load(into, { ...rows, after, upTo }, signal).catch((error: unknown): never => {
          throw toRowsError(error, table.name)
        }),
    })),
  }
}

/** Files in a bucket that speaks S3, which the engine reads itself. */
export const bucket: Connector = {
  probe: async (inputs, signal, world) => {
    try {
      const place = await toPlace(world, inputs)
      const tables = await listTables(world, place, signal)
      return tables.length > 0 ? null : `There are no files below this URL whose names end in ${place.kind.told}.`
    } catch (error) {
      return error instanceof SourceError ? error.message : CRASHED
    }
  },
  discover: async (inputs, signal, world) => {
    const place = await toPlace(world, inputs)
    const found: SourceTable[] = []
    for (const table of await listTables(world, place, signal)) {
      found.push(await describeTable(world, place, table, signal))
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  },
  read: async (inputs, request, signal, world) => {
    try {
      return await read(world, await toPlace(world, inputs), request, signal)
    } catch (error) {
      throw toBucketError(error)
    }
  },
}
