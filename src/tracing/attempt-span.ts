import { ROOT_CONTEXT, SpanKind, type TextMapPropagator, type Tracer, trace } from '@opentelemetry/api'
import type { Attempt, HttpFailure, Observe } from '../http/client.ts'
import { currentScope } from '../request-scope.ts'
import { fail } from './message-span.ts'

const setter = {
  set: (carrier: Record<string, string>, key: string, value: string): void => {
    carrier[key] = value
  },
}

/** Spans of attempts, by the conventions for HTTP clients; the address is told as its template, without ids or query. */
export const traceAttempts =
  (tracer: Tracer, propagator: TextMapPropagator): Observe =>
  ({ method, origin, route, count }: Attempt) => {
    const { hostname, port, protocol } = new URL(origin)
    const span = tracer.startSpan(
      route === undefined ? method : `${method} ${route}`,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': method,
          'url.scheme': protocol.slice(0, -1),
          'url.template': route,
          'server.address': hostname,
          'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
          'http.request.resend_count': count > 1 ? count - 1 : undefined,
        },
      },
      currentScope()?.trace ?? ROOT_CONTEXT,
    )
    const headers: Record<string, string> = {}
    propagator.inject(trace.setSpan(ROOT_CONTEXT, span), headers, setter)
    return {
      headers,
      ended: (outcome: number | HttpFailure): void => {
        if (typeof outcome !== 'number') fail(span, outcome.kind)
        else {
          span.setAttribute('http.response.status_code', outcome)
          if (outcome >= 400) fail(span, String(outcome))
        }
        span.end()
      },
    }
  }
