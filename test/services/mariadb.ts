import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { freePort } from './ports.ts'
import type { Login } from './postgres.ts'

const run = promisify(execFile)

/** A MariaDB of this test's own. */
export interface Mariadb {
  readonly login: Login
  /** Runs one statement as root. */
  sql(text: string): Promise<unknown>
  close(): Promise<void>
}

const SERVER = '/usr/sbin/mariadbd'
const INSTALLER = '/usr/bin/mariadb-install-db'

/** Whether the server's programs are here. With REQUIRE_SERVICES=1 their absence fails instead. */
export const hasMariadb = (): boolean => {
  if (existsSync(SERVER) && existsSync(INSTALLER)) return true
  const text = 'MariaDB is not installed here (apt-get install mariadb-server)'
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(text)
  process.stderr.write(`skipped: ${text}\n`)
  return false
}

const isRoot = process.getuid?.() === 0

const ask = async (port: number, database: string | undefined, text: string): Promise<unknown> => {
  const connection = await createConnection({
    host: '127.0.0.1',
    port,
    user: 'root',
    password: 'root-word',
    ...(database === undefined ? {} : { database }),
  })
  try {
    const [rows] = await connection.query(text)
    return rows
  } finally {
    await connection.end()
  }
}

/** The server says nothing when it is ready, so it is asked until it answers. */
const untilReady = async (port: number, server: ChildProcess): Promise<void> => {
  for (let turn = 0; turn < 300; turn += 1) {
    if (server.exitCode !== null) throw new Error(`mariadbd ended: ${server.exitCode}`)
    const isReady = await ask(port, undefined, 'SELECT 1').then(
      () => true,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('mariadbd does not answer')
}

/** Makes a data directory in a temporary folder and starts the server on a free loopback port. */
export const startMariadb = async (): Promise<Mariadb> => {
  const folder = mkdtempSync(join(tmpdir(), 'mariadb-test-'))
  if (isRoot) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' }))
    chownSync(folder, id('-u'), id('-g'))
  }
  const data = join(folder, 'data')
  const owner = isRoot ? ['--user=mysql'] : []
  await run(INSTALLER, [
    '--no-defaults',
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    ...owner,
  ])
  const port = await freePort()
  const init = join(folder, 'init.sql')
  const options = ['--no-defaults', ...owner, `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1']
  const files = [`--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`, `--init-file=${init}`]
  await writeFile(
    init,
    "ALTER USER 'root'@'localhost' IDENTIFIED BY 'root-word';\nCREATE DATABASE IF NOT EXISTS shop;\n",
  )
  const server = spawn(SERVER, [...options, ...files, '--skip-log-bin', '--innodb-flush-log-at-trx-commit=0'], {
    stdio: 'ignore',
  })
  const close = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      const gone = once(server, 'exit')
      server.kill('SIGKILL')
      await gone
    }
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await untilReady(port, server)
    await ask(port, undefined, "CREATE USER 'reader'@'%' IDENTIFIED BY 'pa55-word'")
    await ask(port, undefined, "GRANT SELECT ON shop.* TO 'reader'@'%'")
  } catch (error) {
    await close()
    throw error
  }
  return {
    login: { host: '127.0.0.1', port, database: 'shop', user: 'reader', password: 'pa55-word' },
    sql: (text) => ask(port, 'shop', text),
    close,
  }
}
