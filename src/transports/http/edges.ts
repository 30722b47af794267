import { hostHeaderValidationResponse, originValidationResponse } from '@modelcontextprotocol/server'
import type { MiddlewareHandler } from 'hono'
import { isLoopback } from '../../loopback.ts'

/** Names by which this machine reaches itself. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Who may be asked for, and from where. */
export interface Edges {
  /** Names in `Host`; this machine's own are always among them on a loopback bind. */
  readonly hosts: readonly string[]
  /** Origins of web pages that may call, such as `https://inspector.example.com`; none by default. */
  readonly origins: readonly string[]
  readonly bind: string
}

/**
 * Refuses what a browser was lured into: a `Host` that is none of ours (DNS rebinding), an `Origin` that was not allowed.
 * Programs send no `Origin` and pass.
 */
export const checkEdges = ({ hosts, origins, bind }: Edges): MiddlewareHandler => {
  const allowedHosts = [...hosts, ...(isLoopback(bind) ? LOOPBACK : [])]
  const pages = new Set(origins)
  return async (context, next) => {
    const request = context.req.raw
    // The whole origin, as it was allowed; the SDK compares names, which is right for this machine's own.
    const isAllowed = pages.has(request.headers.get('origin') ?? '')
    const refused =
      hostHeaderValidationResponse(request, allowedHosts) ??
      (isAllowed ? undefined : originValidationResponse(request, isLoopback(bind) ? LOOPBACK : []))
    if (refused !== undefined) return refused
    await next()
    return undefined
  }
}
