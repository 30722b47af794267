import type { Means } from '../call.ts'
import { type CallMeans, carryOut } from '../carry-out.ts'
import { type OperationTool, toCatalogue } from '../catalogue.ts'
import type { Refusals } from '../confirm/refusals.ts'
import type { Json, Operation } from '../operation.ts'
import type { SchemaCache } from '../schema/schema-cache.ts'
import type { Snapshot } from '../schema/snapshot.ts'
import { KeysRefused, StatusError } from '../status-error.ts'
import { ToolError } from '../tool-error.ts'

/** Requests that one derived answer is worth, and how many of them are made at once. */
export const MOST_REQUESTS = 40
export const AT_ONCE = 4
/** How long it may take: less than clients wait for a call. */
const PATIENCE_MS = 40_000

/** What a derived answer is made with. */
export interface DerivingMeans {
  readonly means: Means
  readonly cache: Pick<SchemaCache, 'getWith'>
  readonly refusals: Refusals
}

/** The call that PostHog refused. */
export interface Refused {
  readonly tool: OperationTool
  readonly project: number
  readonly context: CallMeans
}

const prepared = new WeakMap<Operation, OperationTool>()

const toTool = (operation: Operation): OperationTool => {
  const known = prepared.get(operation) ?? toCatalogue([operation], false).get(operation.name)
  if (known === undefined) throw new Error(`no read ${operation.name}`)
  prepared.set(operation, known)
  return known
}

/**
 * The reads behind one derived answer: each goes the one path to the API, in the name of the call that was refused.
 * Counts them, and keeps what was read and what could not be.
 */
export class Reader {
  readonly #deriving: DerivingMeans
  readonly #refused: Refused
  readonly #signal: AbortSignal
  readonly #timeout: AbortSignal
  readonly #from = new Map<string, number>()
  readonly #notKnown = new Set<string>()
  #left = MOST_REQUESTS

  constructor(deriving: DerivingMeans, refused: Refused) {
    this.#deriving = deriving
    this.#refused = refused
    this.#timeout = AbortSignal.timeout(PATIENCE_MS)
    this.#signal = AbortSignal.any([refused.context.signal, this.#timeout])
  }

  /** How many further requests there may be. */
  get left(): number {
    return this.#timeout.aborted ? 0 : this.#left
  }

  /** What the answer is from, in the order it was read. */
  get from(): readonly string[] {
    return [...this.#from].map(([what, times]) => (times === 1 ? what : `${what} (${times} requests)`))
  }

  /** What the answer leaves open. */
  get notKnown(): readonly string[] {
    return [...this.#notKnown]
  }

  /** Something the answer leaves open. */
  lacks(what: string): void {
    this.#notKnown.add(what)
  }

  /** The body of one read. @throws ToolError */
  async read(operation: Operation, input: Json): Promise<unknown> {
    const { means, refusals } = this.#deriving
    const { tool, project, context } = this.#refused
    if (refusals.has(operation.name)) throw new ToolError('PostHog keeps it from API keys', { next: '' })
    if (this.left === 0) throw new ToolError(`not read, after ${MOST_REQUESTS - this.#left} requests`, { next: '' })
    this.#left -= 1
    const { name } = tool.operation
    const { listTool } = tool
    const read = { ...toTool(operation), operation: { ...operation, name }, listTool }
    const own = { signal: this.#signal, redactor: context.redactor }
    try {
      const { answer } = await carryOut(means, read, { ...input, project_id: project }, own)
      this.#count(operation.title)
      return answer.kind === 'data' ? answer.call.body : undefined
    } catch (error) {
      if (error instanceof KeysRefused) refusals.add(operation.name)
      throw error
    }
  }

  /** A read of a route that older releases do not have: undefined there, and not asked for again soon. @throws ToolError */
  async readIfThere(operation: Operation, input: Json): Promise<unknown> {
    const { refusals } = this.#deriving
    if (refusals.has(operation.name)) return undefined
    try {
      return await this.read(operation, input)
    } catch (error) {
      if (error instanceof StatusError && error.status === 404) refusals.add(operation.name)
      if (refusals.has(operation.name)) return undefined
      throw error
    }
  }

  /** The project's schema, read anew where what is wanted is not in it. @throws ToolError */
  async schema(hasIt: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    const snapshot = await this.#deriving.cache.getWith(this.#refused.project, hasIt, this.#signal)
    this.#count(`the schema as of ${new Date(snapshot.takenAt).toISOString()}`)
    return snapshot
  }

  /** A part that the answer can do without: where it cannot be read, the answer says so. @throws ToolError when cancelled */
  async part<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof ToolError) || this.#refused.context.signal.aborted) throw error
      this.lacksPart(what, error)
      return undefined
    }
  }

  /** A part of the answer that could not be read, and why. */
  lacksPart(what: string, error: ToolError): void {
    // Whose call it was is plain.
    this.lacks(`${what}: ${this.#timeout.aborted ? 'it took too long' : error.message.replace(/^\w+: /, '')}`)
  }

  #count(what: string): void {
    this.#from.set(what, (this.#from.get(what) ?? 0) + 1)
  }
}
