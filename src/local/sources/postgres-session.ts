import { Socket } from 'node:net'
import type { Client } from 'pg'
import { SourceError, type SourceFailure } from './connector.ts'
import type { Inputs } from './source-state.ts'

const CONNECT_MS = 15_000

const CLASSES: readonly (readonly [RegExp, SourceFailure])[] = [
  [/^28/, 'auth'],
  [/^3D000$/, 'database'],
  [/^42501$/, 'forbidden'],
  [/^(?:42P01|42703|3F000)$/, 'table'],
  [/^57014$/, 'timeout'],
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, 'dns'],
  [/^(?:ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ECONNRESET|57P0[123]|08\d\d\d)$/, 'refused'],
  [/^ETIMEDOUT$/, 'timeout'],
]

/** Puts what the driver throws in our kinds. A refused connection with several addresses has its code inside. */
export const toSourceError = (error: unknown): SourceError => {
  if (error instanceof SourceError) return error
  const inner = error instanceof AggregateError ? error.errors[0] : error
  const message = inner instanceof Error ? inner.message : 'The source failed.'
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : ''
  const known = CLASSES.find(([pattern]) => pattern.test(code))?.[1]
  if (known !== undefined) return new SourceError(known, message)
  if (/timeout|timed out/i.test(message)) return new SourceError('timeout', message)
  if (/Connection terminated|not queryable/i.test(message)) return new SourceError('refused', message)
  if (/SSL|TLS|pg_hba.conf.*no encryption/i.test(message)) return new SourceError('tls', message)
  return new SourceError('other', message)
}

/** The package that speaks PostgreSQL, which only users of such sources need. */
export const loadPostgres = async () => {
  try {
    const { default: pg } = await import('pg')
    return { pg }
  } catch {
    const text = 'The local warehouse needs the package pg for this source.'
    throw new SourceError('driver', `${text} Install it with: npm install pg`)
  }
}

const open = async (inputs: Inputs, secure: boolean, signal: AbortSignal): Promise<Client> => {
  const { pg } = await loadPostgres()
  const socket = new Socket()
  const client = new pg.Client({
    host: String(inputs.host),
    port: Number(inputs.port),
    database: String(inputs.database),
    user: String(inputs.user),
    password: String(inputs.password),
    application_name: 'posthog-warehouse-mcp',
    connectionTimeoutMillis: CONNECT_MS,
    stream: () => socket,
    // Encrypted when the server can; a certificate of its own is what most databases have.
    ssl: secure ? { rejectUnauthorized: false } : false,
  })
  // A connection that breaks between two statements fails the next one; without a listener it would end the process.
  client.on('error', () => undefined)
  const drop = (): void => {
    socket.destroy()
  }
  signal.addEventListener('abort', drop, { once: true })
  client.once('end', () => signal.removeEventListener('abort', drop))
  try {
    signal.throwIfAborted()
    await client.connect()
    return client
  } catch (error) {
    drop()
    throw error
  }
}

/** Connects, with TLS where the server offers it. Throws SourceError; an abort drops the connection at once. */
export const openPostgres = async (inputs: Inputs, signal: AbortSignal): Promise<Client> => {
  try {
    return await open(inputs, true, signal).catch((error: unknown) => {
      if (error instanceof Error && /does not support SSL/.test(error.message)) return open(inputs, false, signal)
      throw error
    })
  } catch (error) {
    throw toSourceError(error)
  }
}

/** Ends a session, also one that is broken. */
export const closePostgres = async (client: Client): Promise<void> => {
  await client.end().catch(() => undefined)
}
