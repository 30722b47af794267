import { EventEmitter, once } from 'node:events'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { expect, onTestFinished, test } from 'vitest'
import type { Era } from '../fake/mcp.ts'
import { says } from './fixture/contents.ts'
import { startFixture } from './fixture/start-fixture.ts'

const ERAS: readonly Era[] = ['legacy', 'modern', 'v1']

/** Connects a real client. @returns a way to call a tool without arguments */
const connect = async (
  era: Era,
  address: string,
): Promise<(name: string, signal?: AbortSignal) => Promise<unknown>> => {
  const url = new URL(address)
  if (era === 'v1') {
    const client = new FirstClient({ name: 'test', version: '1' })
    // Its types predate exactOptionalPropertyTypes.
    await client.connect(new FirstTransport(url) as Parameters<FirstClient['connect']>[0])
    onTestFinished(() => client.close())
    return (name, signal) => client.callTool({ name, arguments: {} }, undefined, signal && { signal })
  }
  const options = era === 'modern' ? { versionNegotiation: { mode: { pin: '2026-07-28' } } } : {}
  const client = new Client({ name: 'test', version: '1' }, options)
  await client.connect(new StreamableHTTPClientTransport(url))
  onTestFinished(() => client.close())
  return (name, signal) => client.callTool({ name, arguments: {} }, signal && { signal })
}

// The suite has no scenario for it: 2025 cancels with a notification, 2026-07-28 by closing the stream.
test.each(ERAS)('%s: what a client cancels is told to stop, and the next call is answered', async (era) => {
  const heard = new EventEmitter()
  const started = once(heard, 'started')
  const stopped = once(heard, 'stopped')
  const waits = {
    description: 'Waits to be cancelled',
    call: async ({ context }: { context: { mcpReq: { signal: AbortSignal } } }) => {
      context.mcpReq.signal.addEventListener('abort', () => heard.emit('stopped'), { once: true })
      heard.emit('started')
      await stopped
      return says('Nobody hears this')
    },
  }
  const { url, close } = await startFixture({ waits })
  onTestFinished(close)
  const call = await connect(era, url)
  const caller = new AbortController()
  const failed = expect(call('waits', caller.signal)).rejects.toThrow()
  await started
  caller.abort()
  await Promise.all([failed, stopped])
  expect(await call('test_simple_text')).toMatchObject({ content: [{ type: 'text' }] })
})
