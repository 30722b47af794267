import { describe, expect, test } from 'vitest'
import { answering, requests } from '../calls/requests.ts'
import { type Era, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { replies } from '../fixtures/replies.ts'

describe.each<Era>(['legacy', 'modern', 'v1'])('the %s client', (era) => {
  test('gets every tool’s result, checked against the schema it was told', async () => {
    const posthog = await useRecorder()
    const mcp = await useMcp({ era, origin: posthog.origin, flags: ['--reveal-passwords'] })
    const tools = await mcp.list()
    expect(tools).toHaveLength(58)
    const operations = tools.filter(({ name }) => !/^(schema|query)_/.test(name))
    expect(operations).toHaveLength(54)
    for (const { name, outputSchema } of operations) {
      expect(outputSchema, name).toMatchObject({ type: 'object' })
      const known = requests[name]
      const reply = replies[name]
      if (known === undefined || reply === undefined) throw new Error(`nothing written down for ${name}`)
      posthog.script(answering(known, reply.answer))
      const { isError = false, structuredContent } = await mcp.call(name, known.args)
      expect({ isError, ...structuredContent }, name).toMatchObject({ isError: false, ...reply.shows })
    }
  })

  test('gets a tool error as a result, and what the protocol forbids as an error', async () => {
    const posthog = await useRecorder(() => ({ status: 404, json: { detail: 'Not found.' } }))
    const mcp = await useMcp({ era, origin: posthog.origin })
    await mcp.list()
    const { isError, structuredContent, content } = await mcp.call(
      'warehouse_tables_get',
      requests.warehouse_tables_get?.args,
    )
    expect(isError).toBe(true)
    expect(structuredContent).toBeUndefined()
    expect(content[0]?.text).toContain('Nothing was changed.')
    await expect(mcp.call('no_such_tool')).rejects.toThrow(/no_such_tool/)
    expect(mcp.instructions).toContain('project 7')
  })
})
