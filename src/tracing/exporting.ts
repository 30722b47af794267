import { trace } from '@opentelemetry/api'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { currentScope } from '../request-scope.ts'
import { traceAttempts } from './attempt-span.ts'
import { beginMessage, fail } from './message-span.ts'
import type { Tracing } from './tracing.ts'

/** A collector that does not answer must not keep the process from ending. */
const CLOSE_MS = 3_000

/**
 * Tracing as it is when a collector is configured. Nothing is registered globally: a second copy of OpenTelemetry's API
 * in the process would not see it, and nothing else here needs it.
 * @param url where spans are posted, such as `http://127.0.0.1:4318/v1/traces`
 * @param failed told when spans could not be sent
 */
export const createTracing = (url: string, version: string, failed: (error: unknown) => void): Tracing => {
  const name = 'posthog-warehouse-mcp'
  setGlobalErrorHandler(failed)
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': name, 'service.version': version }).merge(
      detectResources({ detectors: [envDetector] }),
    ),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({ url }))],
  })
  const tracer = provider.getTracer(name, version)
  const propagator = new W3CTraceContextPropagator()
  return {
    begin: (incoming) => beginMessage(tracer, propagator, incoming),
    attempted: traceAttempts(tracer, propagator),
    called: ({ outcome }) => {
      const context = currentScope()?.trace
      const span = context && trace.getSpan(context)
      // The conventions' word for a result with `isError`.
      if (span !== undefined && outcome === 'error') fail(span, 'tool_error')
    },
    close: async () => {
      const late = new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())
      await Promise.race([provider.shutdown().catch(failed), late])
    },
  }
}
