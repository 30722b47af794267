import { describe, expect, test } from 'vitest'
import { DESTROYS, isDestruction } from '../confirm/destroys.ts'
import { type Era, useMcp } from '../fake/mcp.ts'
import type { Question } from '../fake/person.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'
import { fenced, nothingHidden } from './untrusted-checks.ts'

/** One object of every kind, with this in every text of it that is no type. */
const objectOf = (evil: string) => ({
  id: evil,
  name: evil,
  format: evil,
  url_pattern: evil,
  created_at: evil,
  created_via: null,
  columns: [],
  source_type: evil,
  prefix: evil,
  status: evil,
  schemas: [{ name: evil, should_sync: true }],
  query: { query: evil },
  is_materialized: true,
  sync_frequency: evil,
  last_run_at: evil,
  path: evil,
  type: evil,
  ref: evil,
})

const script =
  (evil: string): Script =>
  ({ path }) => {
    if (path.endsWith('/query/'))
      return {
        json: {
          tables: {
            [evil]: {
              id: evil,
              name: evil,
              type: 'data_warehouse',
              row_count: 1,
              fields: {},
              schema: { last_synced_at: evil },
            },
            [`view ${evil}`]: { type: 'view', query: { query: `select 1 from \`${evil}\`` }, fields: {} },
          },
        },
      }
    if (path.endsWith('/count/')) return { json: { count: 2, entries: [{ path: evil }], has_more: true } }
    if (path.endsWith('/warehouse_status/'))
      return { json: { org_id: evil, state: evil, ready_at: evil, connection: { host: evil, username: evil } } }
    const listed = { count: 1, next: null, results: [{ ...objectOf(evil), name: 'orders' }] }
    return { json: /\/[0-9a-f-]{36}\//.test(path) ? objectOf(evil) : listed }
  }

const FACT =
  /^(format|files|columns|source|created|a table of this name|materialized|runs every|SQL|last run|type|tables chosen|status|host|user|since|state|points to|shortcut|entries below it|some of them|tables|rows|last sync|views that read it): ./

/**
 * What a person, or a model, is shown before something is lost, of objects that are called anything.
 * @param some the names
 */
export const throughConfirmations = (era: Era, some: readonly string[]) =>
  describe(`through confirmations, ${era}`, () => {
    test('what a person is asked', async () => {
      const posthog = await useRecorder()
      const asked: Question[] = []
      const mcp = await useMcp({
        era,
        origin: posthog.origin,
        flags: ['--reveal-passwords'],
        person: (question) => {
          asked.push(question)
          return { action: 'decline' }
        },
      })
      for (const [tool, args] of Object.entries(DESTROYS))
        for (const payload of some) {
          posthog.script(script(payload))
          const { content } = await mcp.call(tool, { ...args })
          fenced(content[0]?.text ?? '', tool)
          expect(posthog.requests.filter(isDestruction)).toEqual([])
        }
      expect(asked).toHaveLength(Object.keys(DESTROYS).length * some.length)
      for (const { message, ...form } of asked) {
        nothingHidden([message, form], 'a question')
        const lines = message.split('\n')
        // Facts stand plain on a line each, behind a word of ours; the rest is ours, and what is not is fenced.
        const facts = lines.splice(3, lines.length - 4)
        fenced(lines.join('\n'), 'a question')
        expect(lines.at(-1)).toBe('An assistant asks for this. Nothing is changed unless you approve.')
        for (const fact of facts) expect(fact).toMatch(FACT)
        expect(message.length).toBeLessThan(10_000)
      }
    }, 120_000)

    test('what a model is shown where nobody can be asked', async () => {
      const posthog = await useRecorder()
      const flags = ['--unasked', 'preview', '--reveal-passwords']
      const mcp = await useMcp({ era, origin: posthog.origin, person: 'nobody', flags })
      let shown = 0
      for (const [tool, args] of Object.entries(DESTROYS))
        for (const payload of some) {
          posthog.script(script(payload))
          const { content } = await mcp.call(tool, { ...args })
          const text = content[0]?.text ?? ''
          nothingHidden(text, tool)
          fenced(text, tool)
          expect(text.match(/^confirmation: \S+ \(counts once/gm), text).toHaveLength(1)
          expect(posthog.requests.filter(isDestruction)).toEqual([])
          shown += 1
        }
      expect(shown).toBe(10 * some.length)
    }, 120_000)
  })
