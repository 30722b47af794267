import type { HttpSettings } from './config-http.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import { type Observer, together } from './observer.ts'
import { loadTracing } from './tracing/load.ts'
import type { Tracing } from './tracing/tracing.ts'

/** Whoever watches: for each that was asked for, its packages are loaded. */
export interface Observers {
  readonly metrics: Metrics | undefined
  readonly tracing: Tracing | undefined
  readonly observer: Observer | undefined
}

/** Loads what the settings ask for. @throws ConfigError */
export const loadObservers = async (
  { metrics: at, traces }: HttpSettings,
  version: string,
  log: Logger,
): Promise<Observers> => {
  const metrics = at === undefined ? undefined : (await import('./metrics.ts')).createMetrics()
  const tracing = traces === undefined ? undefined : await loadTracing(traces, version, log)
  const watching = [metrics, tracing].filter((each) => each !== undefined)
  return { metrics, tracing, observer: watching.length === 0 ? undefined : together(watching) }
}
