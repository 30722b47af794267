#!/usr/bin/env node
import { beside, operations, questions } from '../tools/index.ts'
import { writeAllowList } from './allow-list.ts'
import type { AuditLog } from './audit/audit.ts'
import { toTools } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import { type Config, readConfig } from './config.ts'
import { checkLimits } from './config-limits.ts'
import { createHost, readVersion, type Upstream } from './host.ts'
import { reasonAgainst } from './limits.ts'
import { type LocalHandle, runLocal, startLocal } from './local/start.ts'
import { createLog, type Logger } from './log.ts'
import { Pages } from './pages/pages.ts'
import { createLoopbackPages } from './serve-pages.ts'
import { serveStdio } from './serve-stdio.ts'

/** Requests to PostHog at once: for one client, and for many. */
const IN_FLIGHT = { stdio: 8, http: 64 }

const toUpstream = (config: Config, local: LocalHandle | undefined): Upstream => ({
  origin: local?.origin ?? config.origin,
  apiKey: local?.key ?? config.apiKey,
  // An id inherited for another PostHog names nothing in the local warehouse; the flag is meant for this start.
  project: local === undefined ? config.projectId : (config.projectFlag ?? local.projectId),
  isLocal: local !== undefined,
})

/** What serving needs besides the settings. */
interface Parts {
  readonly log: Logger
  readonly local: LocalHandle | undefined
  readonly audit: AuditLog | undefined
}

const serve = async (config: Config, { log, local, audit }: Parts): Promise<void> => {
  const upstream = toUpstream(config, local)
  const told = signalled()
  const contents = { operations, questions, beside }
  if (config.http === undefined) {
    const pages = createLoopbackPages()
    const host = createHost(contents, config, upstream, { log, maxInFlight: IN_FLIGHT.stdio, audit, pages })
    await serveStdio(host, log, { hasKey: upstream.apiKey !== undefined, isLocal: upstream.isLocal, told })
  } else {
    // What stdio does not need, it does not load: it is started anew with every client.
    const [{ serveHttp }, { loadObservers }] = await Promise.all([import('./serve-http.ts'), import('./observers.ts')])
    const observers = await loadObservers(config.http, readVersion(), log)
    let pageOrigin: string | undefined
    const pages = new Pages(async () => pageOrigin)
    const running = { log, maxInFlight: IN_FLIGHT.http, audit, pages, ...observers }
    const host = createHost(contents, config, upstream, running)
    const scopes = [...new Set([...questions, ...operations].flatMap((record) => record.scopes))].sort()
    const serving = await serveHttp(host, config.http, log, { upstream, scopes, pages, ...observers })
    pageOrigin = serving.pageOrigin
    await told
    await serving.close()
  }
  await audit?.close()
  await local?.close()
  log.info('ended')
}

const signalled = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })

/** What keeps the local warehouse from starting is the operator's to mend, and says so in one sentence. */
const local = <T>(started: Promise<T>): Promise<T> =>
  started.catch((error: unknown) => {
    throw error instanceof Error ? new ConfigError(error.message) : error
  })

/** What the flags leave, as a file that later releases are held to. @throws ConfigError */
const printAllowList = ({ limits }: Config): number => {
  const all = toTools(operations, questions, false)
  checkLimits(all, limits)
  const left = [...all.values()].filter((tool) => reasonAgainst(tool, limits) === undefined)
  process.stdout.write(writeAllowList(left, limits.readOnly ? { all: 'read' } : limits.tiers))
  return 0
}

const startAudit = async (name: string, { allowDirs }: Config, log: Logger): Promise<AuditLog> => {
  const { openAudit } = await import('./audit/open-audit.ts')
  const audit = await openAudit(name, allowDirs, log)
  // Taken even where nothing is moved: by itself it would end the process, and whoever rotates files sends it.
  process.on('SIGHUP', () => audit.reopen())
  return audit
}

/** @returns the exit code */
const main = async (): Promise<number> => {
  const config = readConfig(process.argv.slice(2), process.env, readVersion())
  if (config.mode === 'allow-list') return printAllowList(config)
  if (config.verify !== undefined) {
    const { reportVerify } = await import('./audit/verify-report.ts')
    const { text, code } = await reportVerify(config.verify)
    process.stdout.write(text)
    return code
  }
  const localOptions = {
    ...(typeof config.local === 'string' ? { directory: config.local } : {}),
    sessionActions: config.sessionActions,
    allowHttpBuckets: config.allowHttpBuckets,
    allowDirs: config.allowDirs,
    editions: config.editions,
    throttles: config.throttles,
    ...(config.faults === undefined ? {} : { faults: config.faults }),
  }
  if (config.mode === 'local-only') {
    await local(
      runLocal({ ...localOptions, port: config.localPort, admin: config.admin }, (line) =>
        process.stdout.write(`${line}\n`),
      ),
    )
    return 0
  }
  const log = createLog(config.logLevel)
  const audit = config.audit === undefined ? undefined : await startAudit(config.audit, config, log)
  const warehouse = config.local === undefined ? undefined : await local(startLocal(localOptions))
  await serve(config, { log, local: warehouse, audit })
  return 0
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    // A setting's own message says what to do; anything else is a fault of ours and shows where.
    const told =
      error instanceof ConfigError || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)
    process.stderr.write(`posthog-warehouse-mcp: ${told.replace(/^Error: /, '')}\n`)
    process.exit(error instanceof ConfigError ? 2 : 1)
  },
)
