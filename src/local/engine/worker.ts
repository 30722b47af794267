/**
 * The process that owns chDB. It runs one statement at a time, in the order they come, and dies with its parent.
 * Started by `lane.ts` with its set-up as the only argument.
 */
import type { Session } from 'chdb'
import { readChunk } from './row-text.ts'
import {
  type FromWorker,
  type Job,
  mostBytes,
  type ToWorker,
  tooManyBytes,
  type WorkerSetup,
} from './worker-messages.ts'

// The engine names no modes for its files.
process.umask(0o077)

// A batch small enough that the parent's event loop hardly notices it.
const batch = 1_000

/** Settings PostHog runs HogQL with, and bounds that keep one query from taking the machine. */
const engineArguments = [
  '--session_timezone=UTC',
  '--transform_null_in=1',
  '--date_time_output_format=iso',
  '--join_use_nulls=0',
  // A name that two joined tables have is a mistake in HogQL, not the left one's.
  '--single_join_prefer_left_table=0',
  '--allow_experimental_correlated_subqueries=0',
  '--max_query_size=4000000',
  '--max_memory_usage=3000000000',
  '--max_threads=2',
  '--s3_retry_attempts=1',
  '--s3_max_redirects=0',
  '--max_http_get_redirects=0',
  '--http_max_tries=2',
]

let current: { readonly id: number; readonly stop: AbortController } | undefined

function send(message: FromWorker): void {
  // A parent that is gone ends this process through 'disconnect'; there is nobody to tell.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

async function streamRows(session: Session, job: Job, signal: AbortSignal): Promise<void> {
  let left = job.maxRows
  let headed = false
  const stream = session.queryStream(job.sql, { format: 'JSONCompactEachRowWithNamesAndTypes', signal })
  for await (const chunk of stream) {
    // One value can be larger than all rows may be together; it must not cross the pipe to be found too large.
    if (chunk.numBytes > mostBytes) throw new Error(`DB::Exception: ${tooManyBytes} (TOO_MANY_BYTES)`)
    const text = chunk.text()
    const { names, types, rows } = readChunk(text)
    if (!headed) send({ type: 'columns', id: job.id, names, types })
    headed = true
    const kept = rows.slice(0, left)
    const perRow = text.length / Math.max(1, rows.length)
    for (let at = 0; at < kept.length; at += batch) {
      const part = kept.slice(at, at + batch)
      send({ type: 'rows', id: job.id, rows: part, bytes: Math.ceil(perRow * part.length) })
    }
    left -= kept.length
    if (left <= 0) break
  }
}

/**
 * chDB 3.4.0 leaves the output of a stream that failed half-way in front of the next answer (seen with a
 * timeout). Draining it here keeps one caller's bytes out of another's reply; a process that cannot be drained ends.
 */
async function drain(session: Session): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const answer = await session.queryAsync('SELECT 1', { format: 'TSV' })
    if (answer.text() === '1\n') return
  }
  process.kill(process.pid, 'SIGKILL')
}

async function run(session: Session, job: Job): Promise<void> {
  const stop = new AbortController()
  current = { id: job.id, stop }
  let outcome: FromWorker = { type: 'done', id: job.id }
  try {
    if (job.kind === 'rows') await streamRows(session, job, stop.signal)
    else await session.queryAsync(job.sql)
  } catch (error) {
    outcome = { type: 'failed', id: job.id, message: error instanceof Error ? error.message : String(error) }
  }
  await drain(session)
  current = undefined
  send(outcome)
}

async function open(setup: WorkerSetup): Promise<Session | undefined> {
  const chdb = await import('chdb').catch(() => undefined)
  if (!chdb) {
    send({ type: 'missing' })
    return undefined
  }
  try {
    const session = new chdb.Session(setup.directory, { connectionArgs: engineArguments })
    for (const statement of setup.start) await session.queryAsync(statement)
    return session
  } catch (error) {
    send({ type: 'unusable', message: error instanceof Error ? error.message : String(error) })
    return undefined
  }
}

// SIGKILL because a native thread in the middle of a query would hold up an orderly exit; MergeTree survives it.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// Ctrl-C reaches the whole process group; the parent decides when to end.
process.on('SIGINT', () => undefined)

// The parent wrote this argument with JSON.stringify from a WorkerSetup.
const session = await open(JSON.parse(process.argv[2] ?? '{}') as WorkerSetup)
if (session) {
  let last = Promise.resolve()
  process.on('message', (message: ToWorker) => {
    if (message.type === 'run') last = last.then(() => run(session, message.job))
    else if (current?.id === message.id) current.stop.abort()
  })
  send({ type: 'ready' })
}
