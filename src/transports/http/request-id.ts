import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { inScope } from '../../request-scope.ts'

/** Gives each request an id of ours: one from outside could pose as another's in a log. */
export const identifyRequest: MiddlewareHandler = async (context, next) => {
  const request = randomUUID()
  await inScope({ request }, next)
  context.header('X-Request-Id', request)
}
