import type { Readable, Writable } from 'node:stream'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import type { Watcher } from '../schema/resource-watch.ts'
import type { Era, MakeServer } from '../server.ts'
import { LineLimit } from './line-limit.ts'
import { ListenObserver } from './listen-observer.ts'

/** The largest message a client may send; an upload's 1 MiB of text, escaped, stays far below. */
const LARGEST_MESSAGE = 8 * 1024 * 1024

/** A connection over stdio. */
export interface StdioConnection {
  /** Resolves when the client has closed its end. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/**
 * Serves both protocol eras on stdin and stdout; what an oversized or malformed line gets is the protocol's answer,
 * and the connection goes on.
 */
export const connectStdio = (
  makeServer: MakeServer,
  streams: { readonly input: Readable; readonly output: Writable },
  onError: (error: Error) => void,
): StdioConnection => {
  const answer = (message: unknown) => streams.output.write(`${JSON.stringify(message)}\n`)
  const lines = new LineLimit(LARGEST_MESSAGE, answer)
  const ended = new Promise<void>((resolve) => {
    lines.once('end', resolve)
    lines.once('close', resolve)
  })
  // The entry makes one instance for the connection (and one that answers a probe, which ends before).
  let watcher: Watcher | undefined
  const stdio = new StdioServerTransport(streams.input.pipe(lines), streams.output, {
    maxBufferSize: 2 * LARGEST_MESSAGE,
  })
  const transport = new ListenObserver(stdio, {
    opened: (id, interest) => watcher?.subscribe(id, interest),
    ended: (id) => watcher?.unsubscribe(id),
  })
  const make = (era: Era) => {
    const made = makeServer(era)
    watcher = made.watcher
    return made.server
  }
  const handle = serveStdio(({ era }) => make(era), { transport, onerror: onError })
  return { ended, close: () => handle.close() }
}
