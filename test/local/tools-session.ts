import { expect, vi } from 'vitest'
import type { Connection, Result } from '../fake/mcp.ts'

/** What the tools have shown so far, by name. */
export interface Tally {
  readonly succeeded: Set<string>
  readonly failed: Set<string>
}

/** A connected client that expects what it is told to expect, and keeps the tally. */
export interface ToolSession {
  /** The whole result of a call that has to succeed. */
  result(name: string, args?: Record<string, unknown>): Promise<Result>
  /** The structured part of a call that has to succeed; the text is the same. */
  ok(name: string, args?: Record<string, unknown>): Promise<Record<string, unknown>>
  /** The text of a call that has to fail, with anything but the 403 for sessions. */
  fails(name: string, args?: Record<string, unknown>): Promise<string>
  /** Asks until the newest run of a view has this status. */
  lastRun(id: unknown, status: string): Promise<void>
}

export const toolSession = (mcp: Connection, tally: Tally): ToolSession => {
  const result: ToolSession['result'] = async (name, args = {}) => {
    const answer = await mcp.call(name, args)
    expect(answer.isError, `${name}: ${answer.content[0]?.text}`).not.toBe(true)
    tally.succeeded.add(name)
    return answer
  }
  const ok: ToolSession['ok'] = async (name, args) => {
    const { content, structuredContent } = await result(name, args)
    expect(JSON.parse(content[0]?.text ?? '')).toEqual(structuredContent)
    return structuredContent ?? {}
  }
  return {
    result,
    ok,
    fails: async (name, args = {}) => {
      const { isError, content } = await mcp.call(name, args)
      const text = content[0]?.text ?? ''
      expect(isError, `${name}: ${text}`).toBe(true)
      expect(text).not.toContain('does not support personal API key access')
      tally.failed.add(name)
      return text
    },
    lastRun: (id, status) =>
      vi.waitFor(
        async () => {
          expect(rowsOf(await ok('warehouse_saved_queries_run_history', { id }))[0]?.status).toBe(status)
        },
        { timeout: 15_000, interval: 50 },
      ),
  }
}

/** The elements of a list's reply. */
export const rowsOf = (answer: Record<string, unknown>): readonly Record<string, unknown>[] => {
  expect(answer.results).toBeInstanceOf(Array)
  // Checked just above; what the rows hold is compared with literals.
  return answer.results as Record<string, unknown>[]
}
