import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { freePort } from '../services/ports.ts'

const PROGRAM = '/usr/bin/redis-server'
const NGINX = '/usr/sbin/nginx'

/** Whether Redis and nginx are here. With REQUIRE_SERVICES=1 their absence fails instead. */
export const hasRedisAndNginx = (): boolean => {
  if (existsSync(PROGRAM) && existsSync(NGINX)) return true
  const text = 'Redis or nginx is not installed here (apt-get install redis-server nginx-light)'
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(text)
  process.stderr.write(`skipped: ${text}\n`)
  return false
}

/** Resolves with the first line of a stream that fits. */
export const lineThat = (stream: NodeJS.ReadableStream | null, fits: RegExp): Promise<void> =>
  new Promise((resolve, reject) => {
    let seen = ''
    stream?.on('data', (chunk) => {
      seen += String(chunk)
      if (fits.test(seen)) resolve()
    })
    stream?.once('close', () => reject(new Error(`ended before ${fits}: ${seen}`)))
  })

/** A Redis of this test's own, on a port that stays the same. */
export interface RedisServer {
  readonly url: string
  start(): Promise<void>
  /** Ends it at once, with all it knows. */
  kill(): Promise<void>
}

/** Starts one on a free loopback port; it keeps nothing on disk. */
export const startRedis = async (): Promise<RedisServer> => {
  const port = await freePort()
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn(PROGRAM, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await lineThat(child.stdout, /Ready to accept connections/)
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
