import { Readable } from 'node:stream'
import type { Client, QueryArrayConfig } from 'pg'
import { type Connector, type Reading, type ReadRequest, ROWS_AHEAD, SourceError, toBatches } from './connector.ts'
import { type PostgresTable, readCatalog } from './postgres-catalog.ts'
import { type Plan, toPlan } from './postgres-query.ts'
import { closePostgres, loadPostgres, openPostgres, toSourceError } from './postgres-session.ts'
import type { Inputs } from './source-state.ts'

/** What the probe says (fact sheet: external-data-sources 2.12). */
const PROBE_TEXTS: Readonly<Record<string, string>> = {
  auth: 'The database rejected the username or password. Check the user and password for this source and try again.',
  refused: 'Could not connect to the host on the port given',
  database:
    "The database named in your connection details doesn't exist on this server. Check the database name is correct and try again.",
  tls: 'SSL/TLS connection is required but your database does not support it. Please enable SSL/TLS on your PostgreSQL server.',
}
const OTHERWISE = 'Could not connect to Postgres. Please check all connection details are valid.'

/** What upstream says when it cannot connect, told by kind; what the user can act on stays as it is. */
const toProbeText = (error: SourceError, host: unknown): string => {
  if (error.reason === 'driver') return error.message
  if (error.reason === 'dns') {
    return `Couldn't resolve the host '${String(host)}'. Check that it's spelled correctly and reachable from the public internet.`
  }
  return PROBE_TEXTS[error.reason] ?? OTHERWISE
}

// One moment of the database for both statements of a read, and texts that do not depend on its settings.
const BEGIN = `BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
  SET LOCAL statement_timeout = 0; SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD';
  SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1`

// The driver would turn numbers into doubles and times into dates; the engine wants what the server wrote.
const AS_TEXT = { getTypeParser: () => (value: string | Buffer) => String(value) }

const findTable = async (client: Client, inputs: Inputs, name: string): Promise<PostgresTable> => {
  const tables = await readCatalog(client, inputs, name)
  const table = tables.find((candidate) => candidate.name === name) ?? tables[0]
  if (table === undefined) throw new SourceError('table', `The source has no table named '${name}' any more.`)
  return table
}

const highestOf = async (client: Client, { highest }: Plan): Promise<string | null> => {
  if (highest === null) return null
  const { rows } = await client.query<[string | null]>({
    text: highest.text,
    values: [...highest.values],
    rowMode: 'array',
    types: AS_TEXT,
  })
  return rows[0]?.[0] ?? null
}

const toLine = (row: Row, { fields }: Plan): string => {
  const cells = fields.map(({ toJson }, index) => {
    const value = row[index] ?? null
    return value === null ? 'null' : toJson(value)
  })
  return `[${cells.join(',')}]`
}

type Row = readonly (string | null)[]

/** The rows of a statement as the server sends them; while they wait to be taken, nothing more is read. */
const ask = async (client: Client, { text, values }: Plan['rows']): Promise<AsyncIterable<Row>> => {
  const { pg } = await loadPostgres()
  const { stream } = client.connection
  const rows = new Readable({ objectMode: true, highWaterMark: ROWS_AHEAD, read: () => void stream.resume() })
  const config: QueryArrayConfig = { text, values: [...values], rowMode: 'array', types: AS_TEXT }
  client
    .query(new pg.Query(config))
    .on('row', (row) => {
      if (!rows.push(row)) stream.pause()
    })
    .on('end', () => rows.push(null))
    .on('error', (error) => rows.destroy(error))
  return rows
}

async function* readRows(client: Client, plan: Plan): AsyncGenerator<readonly string[]> {
  try {
    yield* toBatches(await ask(client, plan.rows), (row) => toLine(row, plan))
  } catch (error) {
    throw toSourceError(error)
  } finally {
    await closePostgres(client)
  }
}

const startReading = async (client: Client, inputs: Inputs, request: ReadRequest): Promise<Reading> => {
  await client.query(BEGIN)
  const plan = toPlan(await findTable(client, inputs, request.table), request)
  const cursor = await highestOf(client, plan)
  const columns = plan.fields.map(({ name, clickhouse }) => ({ name, clickhouse }))
  return { columns, cursor, batches: readRows(client, plan) }
}

/** PostgreSQL and what speaks its protocol and has its catalogue. */
export const postgres: Connector = {
  probe: async (inputs, signal) => {
    try {
      await closePostgres(await openPostgres(inputs, signal))
      return null
    } catch (error) {
      return toProbeText(toSourceError(error), inputs.host)
    }
  },
  discover: async (inputs, signal) => {
    const client = await openPostgres(inputs, signal)
    try {
      await client.query("SET statement_timeout = '30s'")
      return await readCatalog(client, inputs)
    } catch (error) {
      throw toSourceError(error)
    } finally {
      await closePostgres(client)
    }
  },
  read: async (inputs, request, signal) => {
    const client = await openPostgres(inputs, signal)
    try {
      return await startReading(client, inputs, request)
    } catch (error) {
      await closePostgres(client)
      throw toSourceError(error)
    }
  },
}
