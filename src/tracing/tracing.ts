import type { Observer } from '../observer.ts'

/** One message of a client, as far as a trace may know of it. */
export interface Incoming {
  readonly headers: Headers
  /** The message as it came, parsed; anything may be in it. */
  readonly message: unknown
  /** Whether a name is that of a tool or a prompt: only those go into the name of a span. */
  knows(name: string): boolean
}

/** The part of a trace that one message is. */
export interface MessageSpan {
  /** Does work that belongs to it, requests to PostHog included. */
  within<T>(work: () => T): T
  /** @param type a class of errors, such as a code of JSON-RPC. @param code that code, where there is one */
  failed(type: string, code?: number): void
  end(): void
}

/** Spans of this process, on their way to a collector. */
export interface Tracing extends Observer {
  begin(incoming: Incoming): MessageSpan
  /** Sends what is left, within seconds. */
  close(): Promise<void>
}
