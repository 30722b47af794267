import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../services/ports.ts'

const PROGRAM = '/usr/sbin/nginx'
const EXAMPLE = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url))

/** nginx in front of the replicas. */
export interface Nginx {
  readonly url: string
  close(): Promise<void>
}

/** The example of `deploy/` with these addresses; everything else stays as it is. */
const toConfig = (folder: string, port: number, replicas: readonly string[]): string => {
  let count = 0
  const text = readFileSync(EXAMPLE, 'utf8')
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replaceAll(' /tmp/', ` ${folder}/`)
    .replace(/server replica-\d:8011/g, () => {
      const { host } = new URL(replicas[count] ?? '')
      count += 1
      return `server ${host}`
    })
  if (count !== replicas.length) throw new Error(`deploy/nginx.conf names ${count} replicas`)
  return text
}

/** Resolves once somebody answers there. */
const answering = async (url: string): Promise<void> => {
  for (;;) {
    const answered = await fetch(url).then(
      () => true,
      () => false,
    )
    if (answered) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Starts nginx with `deploy/nginx.conf`. @param replicas their addresses, as many as it names */
export const startNginx = async (replicas: readonly string[]): Promise<Nginx> => {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-test-'))
  // Its workers are another user where the test is root.
  await chmod(folder, 0o755)
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, toConfig(folder, port, replicas))
  const child = spawn(PROGRAM, ['-p', folder, '-c', file, '-g', 'daemon off;'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += String(chunk)
  })
  const url = `http://127.0.0.1:${port}`
  const ended = once(child, 'exit')
  await Promise.race([
    answering(url),
    ended.then(() => {
      throw new Error(`nginx: ${said}`)
    }),
  ])
  return {
    url: `${url}/mcp`,
    close: async () => {
      child.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
