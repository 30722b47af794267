/** The API process: started by `start.ts` over IPC, and never outliving whoever started it. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import type { FromProcess, LocalOptions, ToProcess } from './protocol.ts'
import { openWarehouse, type Warehouse } from './warehouse.ts'

// Whatever this process and its engine write is for its user only.
process.umask(0o077)

// Above what an orderly end takes; an engine in the middle of a query is killed with us.
const LAST_RESORT_MS = 5_000

const log = (message: string): void => {
  process.stderr.write(`${message}\n`)
}

const tell = (message: FromProcess): void => {
  if (process.connected) process.send?.(message)
}

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const taken = 'code' in error && error.code === 'EADDRINUSE'
      reject(taken ? new Error(`Port ${port} is in use.`) : error)
    })
    server.listen(port, '127.0.0.1', () => {
      // A TCP server has an address object once it listens; only pipes have strings.
      resolve((server.address() as AddressInfo).port)
    })
  })

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

const start = async (options: LocalOptions): Promise<() => Promise<void>> => {
  const warehouse: Warehouse = await openWarehouse(options, log)
  // Without TLS or HTTP/2 options the adaptor makes a plain HTTP server.
  const server = createAdaptorServer({ fetch: warehouse.app.fetch }) as Server
  try {
    const port = await listen(server, options.port ?? 0)
    const origin = `http://127.0.0.1:${port}`
    tell({ kind: 'ready', address: { origin, ...warehouse.credentials } })
  } catch (error) {
    await warehouse.close()
    throw error
  }
  return async () => {
    await closeServer(server)
    await warehouse.close()
  }
}

let started: Promise<() => Promise<void>> | undefined
let ending = false

const end = (): void => {
  if (ending) return
  ending = true
  setTimeout(() => process.exit(1), LAST_RESORT_MS).unref()
  const stopped = started === undefined ? Promise.resolve() : started.then((stop) => stop())
  stopped.then(
    () => process.exit(0),
    () => process.exit(1),
  )
}

process.on('message', (message: ToProcess) => {
  if (message.kind === 'close') return end()
  started ??= start(message.options)
  started.catch((error: unknown) => {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
    end()
  })
})
// The starter died or let go: IPC is the only thing that ties this process to it.
process.on('disconnect', end)
// Ctrl-C reaches the whole group; the starter hears it too and closes in order.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', end)
