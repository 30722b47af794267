import type { Connection } from 'mysql2'
import { SourceError, type SourceFailure } from './connector.ts'
import type { Inputs } from './source-state.ts'

const CONNECT_MS = 15_000

const CODES: Readonly<Record<string, SourceFailure>> = {
  ER_ACCESS_DENIED_ERROR: 'auth',
  ER_DBACCESS_DENIED_ERROR: 'database',
  ER_BAD_DB_ERROR: 'database',
  ER_TABLEACCESS_DENIED_ERROR: 'forbidden',
  ER_COLUMNACCESS_DENIED_ERROR: 'forbidden',
  ER_NO_SUCH_TABLE: 'table',
  ER_BAD_FIELD_ERROR: 'table',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  EHOSTUNREACH: 'refused',
  PROTOCOL_CONNECTION_LOST: 'refused',
  HANDSHAKE_NO_SSL_SUPPORT: 'tls',
}

/** Puts what the driver throws in our kinds. */
export const toSourceError = (error: unknown): SourceError => {
  if (error instanceof SourceError) return error
  const message = error instanceof Error && error.message !== '' ? error.message : 'The source failed.'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return new SourceError(CODES[code] ?? 'other', message)
}

const load = async () => {
  try {
    return await import('mysql2')
  } catch {
    const text = 'The local warehouse needs the package mysql2 for this source.'
    throw new SourceError('driver', `${text} Install it with: npm install mysql2`)
  }
}

const connect = async (inputs: Inputs, secure: boolean, signal: AbortSignal): Promise<Connection> => {
  const { default: mysql2 } = await load()
  signal.throwIfAborted()
  const connection = mysql2.createConnection({
    host: String(inputs.host),
    port: Number(inputs.port),
    database: String(inputs.database),
    user: String(inputs.user),
    password: String(inputs.password),
    connectTimeout: CONNECT_MS,
    charset: 'utf8mb4',
    // The server's certificate is mostly its own.
    ...(secure ? { ssl: { rejectUnauthorized: false } } : {}),
  })
  // A connection that breaks between two statements fails the next one; without a listener it would end the process.
  connection.on('error', () => undefined)
  signal.addEventListener('abort', () => connection.destroy(), { once: true })
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error === null ? resolve() : reject(error)))
  })
  return connection
}

/** Connects, with TLS where it is wanted and the server offers it. Throws SourceError. */
export const openMysql = async (inputs: Inputs, signal: AbortSignal): Promise<Connection> => {
  try {
    if (inputs.using_ssl === false) return await connect(inputs, false, signal)
    return await connect(inputs, true, signal).catch((error: unknown) => {
      if (toSourceError(error).reason === 'tls') return connect(inputs, false, signal)
      throw error
    })
  } catch (error) {
    throw toSourceError(error)
  }
}

/** Runs one statement and answers its rows as objects. */
export const ask = (connection: Connection, sql: string, values: readonly unknown[] = []) =>
  new Promise<readonly Readonly<Record<string, unknown>>[]>((resolve, reject) => {
    connection.query(sql, [...values], (error, rows) => {
      if (error !== null) reject(toSourceError(error))
      // Without options the driver answers a select with a list of plain objects, and anything else with one object.
      else resolve(Array.isArray(rows) ? (rows as readonly Readonly<Record<string, unknown>>[]) : [])
    })
  })
