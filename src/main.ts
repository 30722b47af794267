#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { beside, operations, questions } from '../tools/index.ts'
import { type Catalogue, type Tool, toCatalogue, toQuestions } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import { type Config, readConfig } from './config.ts'
import { createCore } from './core.ts'
import { allowFiles } from './files.ts'
import { createHttpClient, type HttpClient, type HttpConfig } from './http/client.ts'
import { toInstructions } from './instructions.ts'
import { type LocalHandle, runLocal, startLocal } from './local/start.ts'
import { createLog, type Logger } from './log.ts'
import { toSurface } from './surface.ts'
import { connectStdio } from './transports/stdio.ts'

/** How long calls in flight may take to end once the process was asked to. */
const GRACE_MS = 2_000

const version = (): string => {
  // Compiled, this file is dist/src/main.js; the package is two folders up.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

/** The parts that serve the one credential of this process, and the server's own words about them. */
const createParts = (config: Config, log: Logger, local: LocalHandle | undefined) => {
  const { origin } = local ?? config
  const apiKey = local?.key ?? config.apiKey
  // An id inherited for another PostHog names nothing in the local warehouse; the flag is meant for this start.
  const project = local === undefined ? config.projectId : (config.projectFlag ?? local.projectId)
  const locked = config.lockProject
  const all: Catalogue = new Map<string, Tool>([...toQuestions(questions, locked), ...toCatalogue(operations, locked)])
  const http = connectHttp({
    origin,
    apiKey,
    userAgent: `posthog-warehouse-mcp/${version()}`,
    maxInFlight: 8,
    env: config.proxy,
    ...(local ? { storageOrigins: [local.origin] } : {}),
  })
  const core = createCore({
    surface: toSurface(all, config),
    beside,
    project,
    locked,
    http,
    files: allowFiles(config.allowDirs),
    origin,
    apiKey,
    pollMs: config.pollSeconds * 1000,
    report: (report) => log.info(report, 'call'),
    lookFailed: (error) => log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'look failed'),
  })
  const begin = core.described && beside.begin
  const instructions = toInstructions({ project, locked, local: local !== undefined, begin })
  return { http, core, apiKey, means: { version: version(), instructions, ...core } }
}

/** Serves stdio until the client closes it or the process is told to end. */
const serve = async (config: Config, log: Logger, local: LocalHandle | undefined): Promise<void> => {
  const { http, core, apiKey, means } = createParts(config, log, local)
  const connection = connectStdio(means, { input: process.stdin, output: process.stdout }, (error) =>
    log.warn({ error: error.name }, 'protocol error'),
  )
  const told = signalled()
  if (apiKey === undefined)
    log.warn('no key: set POSTHOG_PERSONAL_API_KEY (phx_…), or start with --local; every call says so')
  log.info({ tools: core.surface.offered.size, local: local !== undefined, key: apiKey !== undefined }, 'ready')
  await Promise.race([connection.ended, told])
  const closers = [connection.close, async () => core.close(), http.close, async () => local?.close()]
  await Promise.race([closeAll(closers), after(GRACE_MS)])
  log.info('ended')
}

/** What the client cannot be made from, such as a proxy address, is a setting of the operator too. */
const connectHttp = (config: HttpConfig): HttpClient => {
  try {
    return createHttpClient(config)
  } catch (error) {
    throw error instanceof TypeError ? new ConfigError(error.message) : error
  }
}

const signalled = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

const closeAll = async (closers: readonly (() => Promise<void>)[]): Promise<void> => {
  for (const close of closers) await close()
}

/** What keeps the local warehouse from starting is the operator's to mend, and says so in one sentence. */
const local = <T>(started: Promise<T>): Promise<T> =>
  started.catch((error: unknown) => {
    throw error instanceof Error ? new ConfigError(error.message) : error
  })

const main = async (): Promise<void> => {
  const config = readConfig(process.argv.slice(2), process.env, version())
  const localOptions = {
    ...(typeof config.local === 'string' ? { directory: config.local } : {}),
    sessionActions: config.sessionActions,
    allowHttpBuckets: config.allowHttpBuckets,
    allowDirs: config.allowDirs,
    editions: config.editions,
    throttles: config.throttles,
    ...(config.faults === undefined ? {} : { faults: config.faults }),
  }
  if (config.mode === 'local-only')
    return local(
      runLocal({ ...localOptions, port: config.localPort, admin: config.admin }, (line) =>
        process.stdout.write(`${line}\n`),
      ),
    )
  const log = createLog(config.logLevel)
  await serve(config, log, config.local === undefined ? undefined : await local(startLocal(localOptions)))
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    // A setting's own message says what to do; anything else is a fault of ours and shows where.
    const told =
      error instanceof ConfigError || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)
    process.stderr.write(`posthog-warehouse-mcp: ${told.replace(/^Error: /, '')}\n`)
    process.exit(error instanceof ConfigError ? 2 : 1)
  },
)
