import type { JSONRPCMessage, Transport, TransportSendOptions } from '@modelcontextprotocol/server'
import { toObject } from '../schema/reply-parts.ts'
import type { Interest } from '../schema/resource-watch.ts'

/** What is done with the subscriptions that pass by. */
export interface ListenEvents {
  opened(id: string | number, interest: Interest): void
  ended(id: string | number): void
}

/** Where a subscription's id stands in the messages about it (spec 2026-07-28). */
const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId'

const isId = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number'

/** Parameters of a message, as far as it has any. */
const paramsOf = (message: JSONRPCMessage): Readonly<Record<string, unknown>> =>
  'params' in message && message.params !== undefined ? message.params : {}

/**
 * A transport that sees which `subscriptions/listen` streams the SDK's entry opens and ends: it answers them itself and
 * tells nobody, and what nobody listens to need not be looked at. Messages pass unchanged.
 */
export class ListenObserver implements Transport {
  readonly #inner: Transport
  readonly #events: ListenEvents
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: Transport['onmessage']

  constructor(inner: Transport, events: ListenEvents) {
    this.#inner = inner
    this.#events = events
  }

  async start(): Promise<void> {
    this.#inner.onclose = () => this.onclose?.()
    this.#inner.onerror = (error) => this.onerror?.(error)
    this.#inner.onmessage = (message, extra) => {
      this.#received(message)
      this.onmessage?.(message, extra)
    }
    await this.#inner.start()
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    this.#sent(message)
    return this.#inner.send(message, options)
  }

  async close(): Promise<void> {
    return this.#inner.close()
  }

  #received(message: JSONRPCMessage): void {
    if (!('method' in message) || message.method !== 'notifications/cancelled') return
    const { requestId } = paramsOf(message)
    if (isId(requestId)) this.#events.ended(requestId)
  }

  /** The acknowledgement says what was granted. */
  #sent(message: JSONRPCMessage): void {
    if (!('method' in message) || message.method !== 'notifications/subscriptions/acknowledged') return
    const { _meta, notifications } = paramsOf(message)
    const id = toObject(_meta)[SUBSCRIPTION_ID]
    const { resourceSubscriptions, resourcesListChanged } = toObject(notifications)
    const uris = Array.isArray(resourceSubscriptions)
      ? resourceSubscriptions.filter((uri) => typeof uri === 'string')
      : []
    if (isId(id)) this.#events.opened(id, { uris, lists: resourcesListChanged === true })
  }
}
