import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort } from 'node:worker_threads'
import { nameOf } from './load-name.ts'

/** A PostHog that knows every key, and says in each answer whose it is; in a thread of its own, as the real one is. */
const posthog = createServer((request, response) => {
  const key = request.headers.authorization?.replace('Bearer ', '') ?? ''
  const path = request.url ?? ''
  const id = path.split('/').at(-2)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify(path.endsWith('@current') ? { scopes: ['*'], scoped_teams: [] } : { id, name: nameOf(key) }),
  )
})
posthog.keepAliveTimeout = 60_000
// A TCP server that listens has an address object; only pipes have strings.
posthog.listen(0, '127.0.0.1', () => parentPort?.postMessage((posthog.address() as AddressInfo).port))
