import { readFileSync } from 'node:fs'
import type { AuditLog } from './audit/audit.ts'
import type { CallHooks } from './call.ts'
import type { Ceiling } from './callers/access-tokens.ts'
import type { Caller } from './callers/caller.ts'
import type { Kept } from './callers/caller-pool.ts'
import { type Catalogue, toTools } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import type { Config } from './config.ts'
import { checkLimits } from './config-limits.ts'
import { unaskedOf } from './confirm/policy.ts'
import { Questions } from './confirm/questions.ts'
import type { Uses } from './confirm/uses.ts'
import { createConfirms } from './confirms.ts'
import { type Core, createCore } from './core.ts'
import { allowFiles } from './files.ts'
import { createHttpClient, type HttpClient, type HttpSender } from './http/client.ts'
import { toInstructions } from './instructions.ts'
import type { Logger } from './log.ts'
import type { Observer } from './observer.ts'
import type { Operation } from './operation.ts'
import { Desk } from './pages/desk.ts'
import type { Pages } from './pages/pages.ts'
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
  /** Where it is recorded that a confirmation was used, where that is not this process alone. */
  readonly uses?: Uses
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
  /** Where writes are written down, if they are. */
  readonly audit?: AuditLog | undefined
  /** The pages that people fill in. */
  readonly pages: Pages
}

/** One process: one pool of connections, and parts for each caller. */
export interface Host {
  readonly http: HttpClient
  readonly version: string
  /** The one project that the operator allows, if there is one. */
  readonly only: number | undefined
  /** Whether there is a tool of this name, offered or not. */
  knows(tool: string): boolean
  /** The secrets that tokens can be allowed to refer to. */
  readonly secretNames: readonly string[]
  host(guest: Guest): Kept
  /** People are not waited for any longer; resolves once the calls that asked them go on. */
  endQuestions(): Promise<void>
}

/** The version of this package. */
export const readVersion = (): string => {
  // Compiled, this file is dist/src/host.js; the package is two folders up.
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

/** The one HTTP client. @throws ConfigError: what it cannot be made from, such as a proxy address, is a setting of the operator too */
const connectHttp = (
  { proxy }: Config,
  { origin, apiKey, isLocal }: Upstream,
  version: string,
  { maxInFlight, observer }: Running,
): HttpClient => {
  try {
    return createHttpClient({
      origin,
      apiKey,
      userAgent: `posthog-warehouse-mcp/${version}`,
      maxInFlight,
      env: proxy,
      ...(isLocal ? { storageOrigins: [origin] } : {}),
      ...(observer && { observe: observer.attempted }),
    })
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

/**
 * The same for every caller, and dear to make: with the parameter that names a project, and without.
 * @throws ConfigError for limits that do not fit them
 */
const createCatalogues = (
  { operations, questions }: Pick<Contents, 'operations' | 'questions'>,
  { lockProject, limits, confirm }: Config,
) => {
  const isPreviewed = (operation: Operation): boolean => unaskedOf(operation, confirm) === 'preview'
  const catalogues = new Map<boolean, Catalogue>()
  const catalogueOf = (locked: boolean): Catalogue => {
    const known = catalogues.get(locked)
    if (known !== undefined) return known
    const all = toTools(operations, questions, locked, isPreviewed)
    catalogues.set(locked, all)
    return all
  }
  // Not when somebody comes: at the start the operator is there.
  checkLimits(toTools(operations, questions, lockProject), limits)
  return catalogueOf
}

/** Beyond these, the desks of callers who have nothing open are forgotten. */
const MOST_DESKS = 2_000

/** The desk of each caller, also when their parts are made anew meanwhile: a page that is open outlives those. */
const createDesks = (pages: Pages) => {
  const desks = new Map<string, Desk>()
  return ({ id, name }: Guest): Desk => {
    const known = desks.get(id) ?? new Desk(pages, { id, name })
    if (desks.size > MOST_DESKS) for (const [other, { isIdle }] of desks) if (isIdle) desks.delete(other)
    desks.set(id, known)
    return known
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

const endAsking = ({ pages }: Running, asked: Questions): Promise<void> => {
  pages.close()
  return asked.end()
}

/** Makes the parts that all callers share. @throws ConfigError */
export const createHost = (
  { operations, questions, beside }: Contents,
  config: Config,
  upstream: Upstream,
  running: Running,
): Host => {
  const version = readVersion()
  const { origin, apiKey, isLocal } = upstream
  const http = connectHttp(config, upstream, version, running)
  const files = allowFiles(config.allowDirs)
  const store = openSecretStore(config.secrets)
  const catalogueOf = createCatalogues({ operations, questions }, config)
  const asked = new Questions()
  const confirmOf = createConfirms(config, operations, isLocal, asked)
  const deskOf = createDesks(running.pages)
  const host = (guest: Guest): Kept => {
    const { id, name, credential, ceiling = {}, scopes, uses, isOperator, wrote } = guest
    const names = isOperator ? store.names : (ceiling.secrets ?? [])
    const project = ceiling.project ?? upstream.project
    const locked = config.lockProject || ceiling.project !== undefined
    const core = createCore({
      surface: withReferences(toSurface(catalogueOf(locked), config.limits, { ...ceiling, scopes }), names),
      beside,
      project,
      locked,
      http: sendFor(guest, http),
      files,
      origin,
      apiKey: credential ?? apiKey,
      confirm: confirmOf(id, uses),
      audit: running.audit?.as(name),
      secrets: createCallerSecrets(store, names, config.secrets.literals),
      handover: config.secrets.handover,
      desk: deskOf(guest),
      pollMs: config.pollSeconds * 1000,
      wrote,
      report: createReport(running, name),
      lookFailed: createLookFailed(running.log),
    })
    const begin = beside.begin((name) => core.surface.offered.has(name))
    const instructions = toInstructions({ project, locked, local: isLocal, begin, secrets: names })
    const makeServer: MakeServer = (era, telling) => createServer({ version, instructions, ...core }, era, telling)
    return { core, caller: toCaller({ id, name }, core, makeServer) }
  }
  const only = config.lockProject ? upstream.project : undefined
  const knows = (tool: string): boolean => catalogueOf(config.lockProject).has(tool)
  return { http, version, only, knows, secretNames: store.names, host, endQuestions: () => endAsking(running, asked) }
}
