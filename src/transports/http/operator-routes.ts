import { Hono } from 'hono'
import { isLoopback } from '../../loopback.ts'
import type { Readiness } from '../../readiness.ts'
import { checkEdges } from './edges.ts'
import { identifyRequest } from './request-id.ts'

/** What Prometheus is given. */
export interface Exposition {
  readonly contentType: string
  text(): Promise<string>
}

/** Whether the process lives, and whether calls can be served: for whoever restarts it, and for whoever sends it calls. */
export const createProbes = (readiness: Pick<Readiness, 'whyNot'>): Hono => {
  const probes = new Hono()
  const headers = { 'Cache-Control': 'no-store' }
  probes.get('/healthz', (context) => context.json({ status: 'alive' }, 200, headers))
  probes.get('/readyz', async (context) => {
    const reason = await readiness.whyNot()
    return reason === undefined
      ? context.json({ status: 'ready' }, 200, headers)
      : context.json({ status: 'not ready', reason }, 503, headers)
  })
  return probes
}

/** The routes of the operators' own port. @param bind where it listens; on this machine no web page may reach it */
export const createOperatorApp = (readiness: Readiness, metrics: Exposition, bind: string): Hono => {
  const app = new Hono()
  app.use(identifyRequest)
  if (isLoopback(bind)) app.use(checkEdges({ hosts: [], origins: [], bind }))
  app.get('/metrics', async (context) =>
    context.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' }),
  )
  return app.route('/', createProbes(readiness))
}
