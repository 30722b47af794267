/**
 * The tour: a real MCP client, the built server and a real local warehouse, with nothing installed but npm packages
 * and no account. `npm run tour` is the tour alone (`--once`); it exits 0 when every step did what it shows. `npm start`
 * then goes on serving the warehouse over HTTP where there is a terminal, or with `--serve`. With `--postgres ADDRESS`,
 * or POSTGRES_URL, the tour takes in that database, which it only reads.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { type LocalHandle, startLocal } from '../src/local/start.ts'
import { clientConfigurations } from './client-configurations.ts'
import { createGuide, type Json, say, step } from './tour-guide.ts'
import { AddressError, playPostgres, readAddress } from './tour-postgres.ts'
import { linkSample, playSample } from './tour-sample.ts'
import { serveTour } from './tour-serving.ts'

// Compiled, this file is dist/docs/tour.js.
const inRepo = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const sample = inRepo('docs/sample')
const server = inRepo('dist/src/main.js')

const readOptions = () => {
  try {
    const { values } = parseArgs({
      options: { postgres: { type: 'string' }, once: { type: 'boolean' }, serve: { type: 'boolean' } },
    })
    return values
  } catch {
    // Its own words repeat the arguments, and with them a password.
    throw new AddressError('The options are --once, --serve and --postgres postgres://user:password@host:port/database')
  }
}

/** The settings of the reader's database, if one is given. */
const readDatabase = (given: string | undefined): Json | undefined => {
  const address = given ?? process.env.POSTGRES_URL
  return address === undefined || address === '' ? undefined : readAddress(address, process.env.PGPASSWORD)
}

const connect = async (local: LocalHandle): Promise<Client> => {
  const client = new Client({ name: 'tour', version: '1.0.0' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [server, '--allow-dir', sample],
    env: { POSTHOG_HOST: local.origin, POSTHOG_PERSONAL_API_KEY: local.key, LOG_LEVEL: 'warn' },
    stderr: 'inherit',
  })
  await client.connect(transport)
  return client
}

const play = async (client: Client, database: Json | undefined): Promise<void> => {
  const { tools } = await client.listTools()
  say(`Connected over stdio: ${tools.length} tools.`)
  const guide = createGuide(client)
  await playSample(guide)
  if (database !== undefined) await playPostgres(guide, database)
}

const main = async (): Promise<void> => {
  const { postgres, once = false, serve = process.stdin.isTTY && process.stdout.isTTY } = readOptions()
  const database = readDatabase(postgres)
  const directory = await mkdtemp(join(tmpdir(), 'posthog-warehouse-tour-'))
  say("A local warehouse on a real engine (chDB), with PostHog's API. Session-only operations are opened to its key")
  say('(--session-actions allow); PostHog itself refuses them to API keys.')
  const local = await startLocal({ directory, sessionActions: 'allow', allowDirs: [sample] })
  try {
    await linkSample(local, sample)
    const client = await connect(local)
    await play(client, database).finally(() => client.close())
    step('Put it into your assistant')
    say(clientConfigurations(server))
    if (serve && !once) await serveTour(local, server, sample)
  } finally {
    await local.close()
    await rm(directory, { recursive: true, force: true })
  }
}

await main().catch((error: unknown) => {
  if (!(error instanceof AddressError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
})
