import { readFileSync } from 'node:fs'
import type { CallHooks } from './call.ts'
import type { Ceiling } from './callers/access-tokens.ts'
import type { Caller } from './callers/caller.ts'
import type { Kept } from './callers/caller-pool.ts'
import { type Catalogue, type Tool, toCatalogue, toQuestions } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import type { Config } from './config.ts'
import { type Core, createCore } from './core.ts'
import { allowFiles } from './files.ts'
import { createHttpClient, type HttpClient, type HttpConfig, type HttpSender } from './http/client.ts'
import { toInstructions } from './instructions.ts'
import type { Logger } from './log.ts'
import type { Observer } from './observer.ts'
import type { Operation } from './operation.ts'
import type { Beside, Question } from './question.ts'
import { withReferences } from './secrets/advertise.ts'
import { createCallerSecrets } from './secrets/caller-secrets.ts'
import { openSecretStore } from './secrets/secret-store.ts'
import { createServer, type MakeServer } from './server.ts'
import { toSurface } from './surface.ts'

/** The catalogue, as `tools/` has it. */
export interface Contents {
  readonly operations: readonly Operation[]
  readonly questions: readonly Question[]
  readonly beside: Beside
}

/** The PostHog of this process: its own, or the embedded one. */
export interface Upstream {
  readonly origin: string
  readonly apiKey: string | undefined
  readonly project: number | undefined
  readonly isLocal: boolean
}

/** Who a caller's parts are made for; what a ceiling leaves out is as the process was started. */
export interface Guest {
  readonly id: string
  readonly name: string
  /** The key PostHog is called with, where it is the caller's own. */
  readonly credential?: string
  readonly ceiling?: Ceiling
  /** The scopes the credential has, where they are known; tools that need others are not offered. */
  readonly scopes?: readonly string[]
  /** Told when PostHog does not take that key. */
  readonly refused?: () => void
  /** Whether they are the operator's own, and may refer to every secret; others to those of their ceiling. */
  readonly isOperator?: true
  /** Told of changes that were made for this guest. */
  readonly wrote?: (project: number) => void
}

/** How a process works, whoever calls. */
export interface Running {
  readonly log: Logger
  /** Requests to PostHog at once. */
  readonly maxInFlight: number
  readonly observer?: Observer | undefined
}

/** One process: one pool of connections, and parts for each caller. */
export interface Host {
  readonly http: HttpClient
  readonly version: string
  /** The one project that the operator allows, if there is one. */
  readonly only: number | undefined
  /** The secrets that tokens can be allowed to refer to. */
  readonly secretNames: readonly string[]
  host(guest: Guest): Kept
}

/** The version of this package. */
export const readVersion = (): string => {
  // Compiled, this file is dist/src/host.js; the package is two folders up.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

/** What the client cannot be made from, such as a proxy address, is a setting of the operator too. */
const connectHttp = (config: HttpConfig): HttpClient => {
  try {
    return createHttpClient(config)
  } catch (error) {
    throw error instanceof TypeError ? new ConfigError(error.message) : error
  }
}

/** The way out with the key of a guest, where they have one. */
const sendFor = ({ credential, refused }: Guest, http: HttpClient): HttpSender => {
  if (credential === undefined) return http
  const sender = http.as(credential)
  return {
    send: async (request) => {
      const reply = await sender.send(request)
      if (reply.status === 401 && !reply.fromStorage) refused?.()
      return reply
    },
  }
}

/** Tells the log and whoever watches of the calls of one caller. */
const createReport =
  ({ log, observer }: Running, caller: string): CallHooks['report'] =>
  (report, result) => {
    log.info({ ...report, caller }, 'call')
    observer?.called(report, result)
  }

const createLookFailed =
  (log: Logger) =>
  (error: unknown): void =>
    log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'look failed')

/** The same for every caller, and dear to make: with the parameter that names a project, and without. */
const createCatalogues = ({ operations, questions }: Pick<Contents, 'operations' | 'questions'>) => {
  const catalogues = new Map<boolean, Catalogue>()
  return (locked: boolean): Catalogue => {
    const known = catalogues.get(locked)
    if (known !== undefined) return known
    const all = new Map<string, Tool>([...toQuestions(questions, locked), ...toCatalogue(operations, locked)])
    catalogues.set(locked, all)
    return all
  }
}

const toCaller = (
  { id, name }: Pick<Caller, 'id' | 'name'>,
  { surface, described }: Core,
  makeServer: MakeServer,
): Caller => {
  const prompts = new Set(described?.prompts.map((prompt) => prompt.name))
  const knows = (wanted: string): boolean => surface.offered.has(wanted) || prompts.has(wanted)
  return { id, name, lacking: surface.lacking, knows, makeServer, watch: described?.watch }
}

/** Makes the parts that all callers share. @throws ConfigError */
export const createHost = (
  { operations, questions, beside }: Contents,
  config: Config,
  upstream: Upstream,
  running: Running,
): Host => {
  const { log, maxInFlight, observer } = running
  const version = readVersion()
  const { origin, apiKey, isLocal } = upstream
  const http = connectHttp({
    origin,
    apiKey,
    userAgent: `posthog-warehouse-mcp/${version}`,
    maxInFlight,
    env: config.proxy,
    ...(isLocal ? { storageOrigins: [origin] } : {}),
    ...(observer && { observe: observer.attempted }),
  })
  const files = allowFiles(config.allowDirs)
  const store = openSecretStore(config.secrets)
  const catalogueOf = createCatalogues({ operations, questions })
  const host = (guest: Guest): Kept => {
    const { id, name, credential, ceiling = {}, scopes, isOperator, wrote } = guest
    const names = isOperator ? store.names : (ceiling.secrets ?? [])
    const project = ceiling.project ?? upstream.project
    const locked = config.lockProject || ceiling.project !== undefined
    const core = createCore({
      surface: withReferences(toSurface(catalogueOf(locked), config, { ...ceiling, scopes }), names),
      beside,
      project,
      locked,
      http: sendFor(guest, http),
      files,
      origin,
      apiKey: credential ?? apiKey,
      secrets: createCallerSecrets(store, names, config.secrets.literals),
      handover: config.secrets.handover,
      pollMs: config.pollSeconds * 1000,
      wrote,
      report: createReport(running, name),
      lookFailed: createLookFailed(log),
    })
    const begin = beside.begin((name) => core.surface.offered.has(name))
    const instructions = toInstructions({ project, locked, local: isLocal, begin, secrets: names })
    const makeServer: MakeServer = (era, telling) => createServer({ version, instructions, ...core }, era, telling)
    return { core, caller: toCaller({ id, name }, core, makeServer) }
  }
  const only = config.lockProject ? upstream.project : undefined
  return { http, version, only, secretNames: store.names, host }
}
