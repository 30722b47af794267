import type { Host } from './host.ts'
import type { Logger } from './log.ts'
import { connectStdio } from './transports/stdio.ts'

/** How long calls in flight may take to end once the process was asked to. */
const GRACE_MS = 2_000

/** Serves stdio until the client closes it or the process is told to end. @param told resolves when it is */
export const serveStdio = async (
  { host, http, endQuestions }: Host,
  log: Logger,
  { hasKey, isLocal, told }: { readonly hasKey: boolean; readonly isLocal: boolean; readonly told: Promise<void> },
): Promise<void> => {
  const { caller, core } = host({ id: 'stdio', name: 'local', isOperator: true })
  const connection = connectStdio(caller.makeServer, { input: process.stdin, output: process.stdout }, (error) =>
    log.warn({ error: error.name }, 'protocol error'),
  )
  if (!hasKey) log.warn('no key: set POSTHOG_PERSONAL_API_KEY (phx_…), or start with --local; every call says so')
  log.info({ tools: core.surface.offered.size, local: isLocal, key: hasKey }, 'ready')
  await Promise.race([connection.ended, told])
  await Promise.race([closeAll([endQuestions, connection.close, core.close, http.close]), after(GRACE_MS)])
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref())

const closeAll = async (closers: readonly (() => Promise<void>)[]): Promise<void> => {
  for (const close of closers) await close()
}
