import { execFile, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from './ports.ts'

const run = promisify(execFile)

/** How to reach the server, in the words of a source's payload. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
}

/** A PostgreSQL of this test's own. */
export interface Postgres {
  readonly login: Login
  /** Runs SQL as the superuser. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>
  /** Ends the server and every session of it at once, without a goodbye. */
  kill(): Promise<void>
  start(): Promise<void>
  /** Stops the server and removes its files. */
  close(): Promise<void>
}

const ROOT = '/usr/lib/postgresql'

const newest = (): string | undefined => {
  const found = existsSync(ROOT) ? readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'bin/initdb'))) : []
  const [version] = found.sort((a, b) => Number(b) - Number(a))
  return version === undefined ? undefined : join(ROOT, version, 'bin')
}

/** Whether the server's programs are here. With REQUIRE_SERVICES=1 their absence fails instead. */
export const hasPostgres = (): boolean => {
  if (newest() !== undefined) return true
  const text = 'PostgreSQL is not installed here (apt-get install postgresql)'
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(text)
  process.stderr.write(`skipped: ${text}\n`)
  return false
}

const isRoot = process.getuid?.() === 0

/** The server refuses to run as root; the package made a user for it. */
const asOwner = (program: string, args: readonly string[]): readonly [string, readonly string[]] =>
  isRoot ? ['runuser', ['-u', 'postgres', '--', program, ...args]] : [program, args]

/** Makes a cluster in a temporary folder and starts it on a free loopback port. */
export const startPostgres = async (): Promise<Postgres> => {
  const bin = newest()
  if (bin === undefined) throw new Error('PostgreSQL is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'postgres-test-'))
  if (isRoot) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
    chownSync(folder, id('-u'), id('-g'))
  }
  const data = join(folder, 'data')
  const port = await freePort()
  await run(
    ...toArguments(
      asOwner(join(bin, 'initdb'), [
        '-D',
        data,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-sync',
      ]),
    ),
  )
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c hba_file=${data}/pg_hba.conf`
  const control = (...args: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      // The server inherits the streams, so waiting for their end would be waiting for its.
      const child = spawn(
        ...toArguments(asOwner(join(bin, 'pg_ctl'), ['-D', data, '-w', '-l', join(folder, 'log'), ...args])),
        { stdio: 'ignore' },
      )
      child.once('error', reject)
      child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`pg_ctl ${args[0]}: ${code}`))))
    })
  const start = (): Promise<void> => control('start', '-o', options)
  await start()
  const login: Login = { host: '127.0.0.1', port, database: 'shop', user: 'reader', password: 'pa55-word' }
  const admin = async (database: string, text: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, database, user: 'postgres' })
    await client.connect()
    try {
      const answer: unknown = await client.query(text)
      const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer
      // The driver answers one result or, for several statements, a list of them.
      return (last as pg.QueryResult<Record<string, unknown>>).rows
    } finally {
      await client.end()
    }
  }
  await admin('postgres', 'CREATE DATABASE shop')
  await admin('shop', "CREATE ROLE reader LOGIN PASSWORD 'pa55-word'; GRANT pg_read_all_data TO reader")
  // From here on the reader needs its password.
  await admin(
    'postgres',
    `COPY (SELECT 'host all postgres 127.0.0.1/32 trust' UNION ALL SELECT 'host all all 127.0.0.1/32 scram-sha-256') TO '${data}/pg_hba.conf'`,
  )
  await admin('postgres', 'SELECT pg_reload_conf()')
  return {
    login,
    sql: (text) => admin('shop', text),
    kill: () => control('stop', '-m', 'immediate'),
    start,
    close: async () => {
      await control('stop', '-m', 'immediate').catch(() => undefined)
      await rm(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const toArguments = ([program, args]: readonly [string, readonly string[]]): [string, string[]] => [program, [...args]]
