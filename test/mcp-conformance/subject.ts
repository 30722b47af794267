import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { BINARY } from '../fake/mcp.ts'

/** A server that the suite is run against. */
export interface Subject {
  readonly url: string
  close(): Promise<void>
}

/** What a server declares to a client that connects. */
export const declaredAt = async (url: string): Promise<object> => {
  const client = new Client({ name: 'conformance', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  const declared = client.getServerCapabilities() ?? {}
  await client.close()
  return declared
}

/** The address in the log line that says where the server listens. */
const toUrl = (line: string): string | undefined => {
  const { msg, url } = JSON.parse(line) as { msg?: string; url?: string }
  return msg === 'listening' ? url : undefined
}

/** Starts the built program, with a local warehouse behind it. */
export const startProduct = async (): Promise<Subject> => {
  const child = spawn(process.execPath, [BINARY, 'http', '--local', '--port', '0'], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = once(child, 'exit')
  for await (const line of createInterface(child.stderr)) {
    const url = toUrl(line)
    if (url === undefined) continue
    // Nobody reads its log from here on, and a full pipe would hold it up.
    child.stderr.resume()
    const close = async (): Promise<void> => {
      child.kill('SIGTERM')
      await exited
    }
    return { url, close }
  }
  throw new Error('The server ended before it listened')
}
