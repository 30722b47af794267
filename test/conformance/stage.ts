/** The warehouses that rows play in: one process per profile, started when its first row comes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import type { KeySpec } from '../../src/local/keys.ts'
import { type LocalHandle, startLocal } from '../../src/local/start.ts'
import { type Postgres, startPostgres } from '../services/postgres.ts'
import type { Ask, Exchange, Profile, Sheet, Step } from './exchange.ts'
import { SHOP_SQL } from './shop.ts'
import { fill, pick, type Values } from './values.ts'

// No admin key of the warehouse's own is used, since it is for one project only.
const KEYS: readonly KeySpec[] = [
  { label: 'all', scopes: ['*'] },
  { label: 'second', scopes: ['*'] },
  { label: 'viewReader', scopes: ['warehouse_view:read'] },
  { label: 'onlyStaging', scopes: ['*'], projects: [2] },
  { label: 'member', scopes: ['*'], owner: 'member' },
  { label: 'viewer', scopes: ['*'], owner: 'viewer' },
  { label: 'outsider', scopes: ['*'], owner: 'outsider' },
]

/** An answer with its body parsed; no body is null. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers: Headers
}

/** Sends a request; names in it must be filled already. */
export const send = async (origin: string, ask: Ask, signal?: AbortSignal): Promise<Answer> => {
  const headers: Record<string, string> = {}
  if (typeof ask.authorization === 'string') headers.authorization = ask.authorization
  if (ask.raw !== undefined) headers['content-type'] = ask.raw.type
  else if (ask.body !== undefined) headers['content-type'] = 'application/json'
  const form = new FormData()
  if (ask.form !== undefined) {
    form.set('name', ask.form.name)
    form.set('file', new File([ask.form.content], ask.form.file))
  }
  const body = ask.form === undefined ? (ask.raw?.text ?? JSON.stringify(ask.body)) : form
  const response = await fetch(`${origin}${ask.path}`, {
    method: ask.method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: response.status,
    body: text === '' ? null : isJson ? JSON.parse(text) : text,
    headers: response.headers,
  }
}

/** A request with its names filled and the key of an all-powerful admin, unless it says something else. */
export const prepare = (ask: Ask, values: Values): Ask => {
  const authorization = ask.authorization === undefined ? 'Bearer <all>' : ask.authorization
  // Filling keeps the shape.
  return fill({ ...ask, authorization }, values) as Ask
}

/** One running warehouse with what its rows made so far. */
export class Stage {
  readonly lines: readonly string[]
  readonly #values: Record<string, unknown> = {}
  readonly #done = new Set<string>()
  readonly #local: LocalHandle

  constructor(local: LocalHandle, values: Values, lines: readonly string[]) {
    this.#local = local
    this.lines = lines
    Object.assign(this.#values, values)
  }

  get values(): Values {
    return this.#values
  }

  close(): Promise<void> {
    return this.#local.close()
  }

  /** Brings about what a row needs: the situations of its sheet once, its own steps every time. */
  async arrange({ given = [], before = [] }: Exchange, sheet: Sheet): Promise<void> {
    this.#values.project = sheet.project
    for (const name of given) {
      if (this.#done.has(name)) continue
      for (const step of sheet.situations[name] ?? []) await this.#take(step)
      this.#done.add(name)
    }
    for (const step of before) await this.#take(step)
  }

  async perform({ crowd, ...ask }: Exchange['request']): Promise<Answer> {
    if (crowd === undefined) return send(this.#local.origin, prepare(ask, this.#values))
    const ends = new AbortController()
    const asked = Array.from({ length: crowd }, (_, turn) =>
      send(this.#local.origin, prepare(ask, { ...this.#values, turn }), ends.signal),
    )
    let first: Answer | undefined
    for (const each of asked) {
      each.then(
        (answer) => {
          first ??= answer
        },
        () => undefined,
      )
    }
    // Nothing tells when the last of them waits for its turn, so the clock is pushed until that has happened.
    while (first === undefined) await this.#admin('clock', { advance_ms: 30_000 })
    ends.abort()
    await Promise.allSettled(asked)
    return first
  }

  async #admin(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.#local.origin}/_admin/${path}`, {
      method: 'POST',
      headers: { 'x-admin-token': this.#local.adminToken ?? '', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer: unknown = await response.json()
    expect([path, response.ok, answer]).toEqual([path, true, answer])
    return answer
  }

  async #take(step: Step): Promise<void> {
    if ('until' in step) return this.#await(step.until, step.matches)
    let body: unknown
    if ('admin' in step) body = await this.#admin(step.admin, fill(step.body, this.#values))
    else {
      const { as: _, pick: __, times = 1, ...ask } = step
      for (let turn = 0; turn < times; turn += 1) {
        const answer = await send(this.#local.origin, prepare(ask, this.#values))
        expect([ask.path, answer.status < 300, answer.body]).toEqual([ask.path, true, answer.body])
        body = answer.body
      }
    }
    if (step.as !== undefined) this.#values[step.as] = pick(body, step.pick ?? 'id')
  }

  /** The API has no event for the end of what goes on behind it; its clients poll too. */
  async #await(ask: Ask, matches: unknown): Promise<void> {
    let body: unknown
    for (let turn = 0; turn < 200; turn += 1) {
      body = (await send(this.#local.origin, prepare(ask, this.#values))).body
      try {
        expect(body).toEqual(fill(matches, this.#values))
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    expect(body).toEqual(fill(matches, this.#values))
  }
}

const rejectingBucket = async (): Promise<Server> => {
  const bucket = createServer((_request, response) => {
    response.writeHead(403, { 'content-type': 'application/xml' })
    response.end(
      '<?xml version="1.0"?><Error><Code>InvalidAccessKeyId</Code><Message>The key does not exist in our records.</Message></Error>',
    )
  })
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve))
  return bucket
}

/** All warehouses of a run, with the folder, the bucket and the database that they share. */
export class Stages {
  readonly #open: { readonly profile: Profile; readonly stage: Stage }[] = []
  readonly #complaints: string[] = []
  readonly #folder: string
  readonly #bucket: Server
  #postgres: Postgres | undefined

  private constructor(folder: string, bucket: Server) {
    this.#folder = folder
    this.#bucket = bucket
  }

  static async build(): Promise<Stages> {
    const folder = await mkdtemp(join(tmpdir(), 'conformance-'))
    await writeFile(join(folder, 'ids.csv'), 'id,label\n1,one\n2,two\n')
    return new Stages(folder, await rejectingBucket())
  }

  /** The warehouse of a row, its own when it has to be fresh. */
  async for({ profile = {}, fresh }: Exchange): Promise<Stage> {
    const found = fresh === undefined ? this.#open.find((each) => isDeepStrictEqual(each.profile, profile)) : undefined
    if (found !== undefined) return found.stage
    const stage = await this.#start(profile)
    if (fresh === undefined) this.#open.push({ profile, stage })
    return stage
  }

  /** Ends a warehouse that nobody else uses. */
  async leave({ fresh }: Exchange, stage: Stage): Promise<void> {
    if (fresh === undefined) return
    await stage.close()
    this.#complaints.push(...stage.lines)
  }

  /** What the warehouses complained about. */
  get lines(): readonly string[] {
    return [...this.#complaints, ...this.#open.flatMap(({ stage }) => stage.lines)]
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map(({ stage }) => stage.close()))
    this.#bucket.close()
    await this.#postgres?.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #login(): Promise<Values> {
    if (this.#postgres === undefined) {
      this.#postgres = await startPostgres()
      await this.#postgres.sql(SHOP_SQL)
    }
    return Object.fromEntries(Object.entries(this.#postgres.login).map(([name, value]) => [`postgres.${name}`, value]))
  }

  async #start({ sessionActions, throttles, postgres, ...editions }: Profile): Promise<Stage> {
    const lines: string[] = []
    const local = await startLocal({
      admin: true,
      keys: KEYS,
      allowDirs: [this.#folder],
      allowHttpBuckets: true,
      editions,
      ...(sessionActions && { sessionActions: 'allow' }),
      ...(throttles && { throttles }),
      log: (line) => lines.push(line),
    })
    // The server listens on loopback only.
    const { port } = this.#bucket.address() as AddressInfo
    return new Stage(
      local,
      {
        ...local.keys,
        folder: this.#folder,
        bucket: `http://127.0.0.1:${port}`,
        ...(postgres && (await this.#login())),
      },
      lines,
    )
  }
}
