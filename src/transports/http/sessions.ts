import { randomUUID } from 'node:crypto'
import { type Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server'
import type { SessionPlaces } from '../../replicas/session-places.ts'
import { cancelledBy } from './messages.ts'

/** One client of 2025 or before that is remembered between requests. */
interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly server: Server
  readonly owner: string
  /** Requests and streams that are open. */
  open: number
  usedAt: number
}

/** How many clients are remembered, and for how long after they were last heard of. */
export interface SessionLimits {
  readonly most: number
  readonly idleMs: number
}

/** The largest message; an upload's text, escaped, stays below. */
export const LARGEST_BODY = 8 * 1024 * 1024

/** One process needs nobody to find them. */
const NOWHERE: SessionPlaces = { remember: async () => undefined, forget: () => undefined }

/** The sessions of one process. Whoever opened one is the only one who may use it. */
export class Sessions {
  readonly #limits: SessionLimits
  readonly #sessions = new Map<string, Session>()
  readonly #places: SessionPlaces
  readonly #sweep: NodeJS.Timeout
  #beginning = 0

  /** @param places where other processes find them */
  constructor(limits: SessionLimits, places = NOWHERE) {
    this.#limits = limits
    this.#places = places
    this.#sweep = setInterval(() => this.#look(), Math.max(50, Math.min(30_000, limits.idleMs / 2))).unref()
  }

  get size(): number {
    return this.#sessions.size
  }

  has(id: string): boolean {
    return this.#sessions.has(id)
  }

  /** Says anew where the sessions are. */
  announce(): void {
    void this.#places.remember([...this.#sessions].map(([id, { owner }]) => ({ id, caller: owner })))
  }

  /** Whether there is room for one more; the longest idle of who has most makes it, so that nobody pushes out others. */
  makeRoom(): boolean {
    if (this.#sessions.size + this.#beginning < this.#limits.most) return true
    const counts = new Map<string, number>()
    for (const { owner } of this.#sessions.values()) counts.set(owner, (counts.get(owner) ?? 0) + 1)
    const countOf = ({ owner }: Session): number => counts.get(owner) ?? 0
    const [oldest] = [...this.#sessions]
      .filter(([, { open }]) => open === 0)
      .sort(([, a], [, b]) => countOf(b) - countOf(a) || a.usedAt - b.usedAt)
    if (oldest === undefined) return false
    this.#end(oldest[0])
    return true
  }

  /** Begins a session with the `initialize` that this request is. */
  async begin(owner: string, request: Request, parsedBody: unknown, make: () => Server): Promise<Response> {
    const server = make()
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      maxRequestBodySize: LARGEST_BODY,
      onsessioninitialized: async (id) => {
        this.#sessions.set(id, { transport, server, owner, open: 0, usedAt: performance.now() })
        // Before the client knows the session: its next request may reach another process.
        await this.#places.remember([{ id, caller: owner }])
      },
      onsessionclosed: (id) => {
        this.#sessions.delete(id)
        this.#places.forget([id])
      },
    })
    this.#beginning += 1
    try {
      await server.connect(transport)
      const response = await transport.handleRequest(request, { parsedBody })
      // An initialize that was refused began nothing.
      if (transport.sessionId === undefined) await server.close()
      return response
    } finally {
      this.#beginning -= 1
    }
  }

  /** The transport of a session; undefined for one that is unknown, over, or somebody else's. */
  find(id: string, owner: string): Session | undefined {
    const session = this.#sessions.get(id)
    return session?.owner === owner ? session : undefined
  }

  /** Hands a request to its session. @param watch tells when a response has ended */
  async handle(
    session: Session,
    request: Request,
    parsedBody: unknown,
    watch: (response: Response, ended: () => void) => Response,
  ): Promise<Response> {
    session.open += 1
    const over = (): void => {
      session.open -= 1
      session.usedAt = performance.now()
    }
    try {
      const response = await session.transport.handleRequest(request, parsedBody === undefined ? {} : { parsedBody })
      // What was called off is not answered; its stream would stay open, and with it its turn.
      for (const id of cancelledBy(parsedBody)) session.transport.closeSSEStream(id)
      return watch(response, over)
    } catch (error) {
      over()
      throw error
    }
  }

  /** Ends every session, or those of one owner. */
  close(owner?: string): void {
    for (const [id, session] of this.#sessions) if (owner === undefined || session.owner === owner) this.#end(id)
    if (owner === undefined) clearInterval(this.#sweep)
  }

  #look(): void {
    const before = performance.now() - this.#limits.idleMs
    for (const [id, { open, usedAt }] of this.#sessions) if (open === 0 && usedAt < before) this.#end(id)
    this.announce()
  }

  #end(id: string): void {
    const session = this.#sessions.get(id)
    this.#sessions.delete(id)
    this.#places.forget([id])
    // It closes the transport and its streams; a failure leaves nothing to be done.
    session?.server.close().catch(() => undefined)
  }
}
