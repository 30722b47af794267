import { describe, expect, test } from 'vitest'
import type { Opens } from '../fake/person.ts'
import { CREATE, create, FILLED, ID, SECRET, start, textOf, writes } from './entering.ts'
import { submit, visit } from './visit.ts'

describe.each(['modern', 'legacy', 'v1'] as const)('a client of %s that can open links', (era) => {
  test('sends the person there, and the chat learns only the id', async () => {
    const opens: Opens = async ({ url, message }) => {
      expect(message).toContain('Connect a source: Postgres')
      const page = await visit(url)
      expect(page.html).toContain('value="db.acme.com"')
      expect(await submit(page, FILLED)).toMatchObject({ status: 303 })
      return { action: 'accept' }
    }
    const mcp = await start({ era, opens })
    expect((await create(mcp)).structuredContent).toEqual({ id: ID, project_id: 7 })
    expect(writes().map(({ json }) => json)).toEqual([
      { source_type: 'Postgres', payload: { host: 'db.acme.com', port: 5432, password: SECRET }, created_via: 'mcp' },
    ])
  })

  test('that accepts at once waits while the person types', async () => {
    let typed: Promise<unknown> = Promise.resolve()
    const opens: Opens = async ({ url }) => {
      typed = visit(url).then((page) => submit(page, FILLED))
      return { action: 'accept' }
    }
    const mcp = await start({ era, opens })
    expect((await create(mcp)).structuredContent).toMatchObject({ id: ID })
    await typed
  })

  test.each(['decline', 'cancel'] as const)(
    'whose person answers %s sends nothing, and the page is dead',
    async (action) => {
      let link = ''
      const mcp = await start({
        era,
        opens: async ({ url }) => {
          link = url
          return { action }
        },
      })
      const result = await create(mcp)
      expect(textOf(result)).toMatch(/Not sent: the person[\s\S]*Nothing was changed/)
      expect((await visit(link)).html).toContain('Cancelled')
      expect(writes()).toEqual([])
    },
  )

  test('whose person cancels on the page sends nothing', async () => {
    const opens: Opens = async ({ url }) => {
      await submit(await visit(url), {}, { act: 'cancel' })
      return { action: 'accept' }
    }
    expect(textOf(await create(await start({ era, opens })))).toMatch(/cancelled on the page[\s\S]*Nothing was changed/)
    expect(writes()).toEqual([])
  })

  test('that gives the call up leaves a dead page', async () => {
    const given = new AbortController()
    let link = ''
    const opens: Opens = async ({ url }) => {
      link = url
      await visit(url)
      given.abort()
      return { action: 'cancel' }
    }
    const mcp = await start({ era, opens })
    await expect(mcp.call('external_data_sources_create', CREATE, given.signal)).rejects.toThrow()
    // Whatever comes after it on the same connection is answered after it.
    await mcp.list()
    const late = await visit(link)
    expect([late.status, late.csrf]).toEqual([410, ''])
    expect(writes()).toEqual([])
  })
})
