import type { Connection } from 'mysql2'
import { type Connector, type Reading, type ReadRequest, ROWS_AHEAD, SourceError, toBatches } from './connector.ts'
import { type MysqlTable, readCatalog } from './mysql-catalog.ts'
import { type Plan, toPlan } from './mysql-query.ts'
import { ask, openMysql, toSourceError } from './mysql-session.ts'
import type { Inputs } from './source-state.ts'

const PROBE_TEXT = 'Could not connect to MySQL. Please check all connection details are valid.'

const toProbeText = (error: SourceError, host: unknown): string => {
  if (error.reason === 'driver') return error.message
  if (error.reason === 'dns') {
    return `Couldn't resolve the host '${String(host)}'. Check that it's spelled correctly and reachable from the public internet.`
  }
  return PROBE_TEXT
}

const findTable = async (connection: Connection, inputs: Inputs, name: string): Promise<MysqlTable> => {
  const tables = await readCatalog(connection, inputs, name)
  const table = tables.find((candidate) => candidate.name === name) ?? tables[0]
  if (table === undefined) throw new SourceError('table', `The source has no table named '${name}' any more.`)
  return table
}

const toLine = (row: readonly unknown[], { fields }: Plan): string => {
  const cells = fields.map(({ toJson }, index) => {
    const value = row[index]
    return typeof value === 'string' ? toJson(value) : 'null'
  })
  return `[${cells.join(',')}]`
}

async function* readRows(connection: Connection, plan: Plan): AsyncGenerator<readonly string[]> {
  const { text, values } = plan.rows
  const query = connection.query({
    sql: text,
    values: [...values],
    rowsAsArray: true,
    // Texts as the server wrote them: the driver would make doubles and dates.
    typeCast: (field) => field.string(),
  })
  try {
    // With `rowsAsArray` every row is an array. The driver stops reading while the stream is full.
    const rows = query.stream({ highWaterMark: ROWS_AHEAD }) as AsyncIterable<readonly unknown[]>
    yield* toBatches(rows, (row) => toLine(row, plan))
  } catch (error) {
    throw toSourceError(error)
  } finally {
    connection.destroy()
  }
}

const highestOf = async (connection: Connection, { highest }: Plan): Promise<string | null> => {
  if (highest === null) return null
  const [row] = await ask(connection, highest.text, highest.values)
  const value = row?.highest
  return typeof value === 'string' ? value : null
}

const startReading = async (connection: Connection, inputs: Inputs, request: ReadRequest): Promise<Reading> => {
  // One moment of the database for every statement of a read, and times that do not depend on its settings.
  await ask(connection, "SET SESSION time_zone = '+00:00', SESSION sql_mode = ''")
  await ask(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  await ask(connection, 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
  const plan = toPlan(await findTable(connection, inputs, request.table), request)
  const cursor = await highestOf(connection, plan)
  const columns = plan.fields.map(({ name, clickhouse }) => ({ name, clickhouse }))
  return { columns, cursor, batches: readRows(connection, plan) }
}

/** MySQL and MariaDB. */
export const mysql: Connector = {
  probe: async (inputs, signal) => {
    try {
      const connection = await openMysql(inputs, signal)
      connection.end()
      return null
    } catch (error) {
      return toProbeText(toSourceError(error), inputs.host)
    }
  },
  discover: async (inputs, signal) => {
    const connection = await openMysql(inputs, signal)
    try {
      return await readCatalog(connection, inputs)
    } finally {
      connection.end()
    }
  },
  read: async (inputs, request, signal) => {
    const connection = await openMysql(inputs, signal)
    try {
      return await startReading(connection, inputs, request)
    } catch (error) {
      connection.destroy()
      throw toSourceError(error)
    }
  },
}
