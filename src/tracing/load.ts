import { ConfigError } from '../command-line.ts'
import type { Logger } from '../log.ts'
import type { Tracing } from './tracing.ts'

/** The packages that send spans: the newest that run on Node 20. */
const PACKAGES = [
  '@opentelemetry/core@2',
  '@opentelemetry/resources@2',
  '@opentelemetry/sdk-trace-base@2',
  '@opentelemetry/exporter-trace-otlp-http@0.223',
]

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'

/**
 * Tracing, with packages that only those install who want it.
 * @param url where spans are posted
 * @throws ConfigError that says what to install
 */
export const loadTracing = async (url: string, version: string, log: Logger): Promise<Tracing> => {
  const { createTracing } = await import('./exporting.ts').catch((error: unknown) => {
    throw isMissing(error)
      ? new ConfigError(
          `OTEL_EXPORTER_OTLP_ENDPOINT is set: install what sends spans, npm install ${PACKAGES.join(' ')} (or set OTEL_SDK_DISABLED=true)`,
        )
      : error
  })
  return createTracing(url, version, (error) => {
    log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'spans not sent')
  })
}
