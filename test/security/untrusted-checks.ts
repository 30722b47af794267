import { describe, expect, test } from 'vitest'
import { operations } from '../../tools/index.ts'
import { requests } from '../calls/requests.ts'
import { type Connection, type Era, type Result, useMcp } from '../fake/mcp.ts'
import { type Answer, type Recorder, useRecorder } from '../fake/recorder.ts'
import { replies } from '../fixtures/replies.ts'
import { hostileScript, names, PROMPTED, tableNames, viewNames } from './hostile-project.ts'
import { FORBIDDEN, OF_PAYLOAD, ourWords, payloads, textsIn } from './payloads.ts'

const KINDS = FORBIDDEN.map(([, pattern]) => pattern)

/** Fails where something that must not leave is in a text of the value. */
export const nothingHidden = (value: unknown, about: string) => {
  for (const text of textsIn(value))
    for (const [at, kind] of KINDS.entries())
      if (kind.test(text)) expect.fail(`${about}: ${FORBIDDEN[at]?.[0]} in ${JSON.stringify(text.slice(0, 300))}`)
}
/** Fails where a piece of a payload stands among our own words. */
export const fenced = (prose: string, about: string) => {
  const ours = ourWords(prose)
  if (OF_PAYLOAD.test(ours)) expect.fail(`${about}: outside of a fence: ${ours.slice(0, 1_000)}`)
}

/** Fields whose words are the server's, whoever answered; `error` of a sample is one too. */
const OURS = /^(next|done|note|notes|cut|stripped|sensitive|missing|why|error|used_by_is|derived_from|not_known)$/

/** Gives every payload in turn, and knows what it gave. */
const dealer = () => {
  let dealt = 0
  return {
    deal: (): string => {
      dealt += 1
      return payloads[(dealt - 1) % payloads.length] ?? ''
    },
    get dealt() {
      return dealt
    },
  }
}

/** A reply with every text in it replaced, and a field of a name that came from data beside the others. */
const filled = (value: unknown, deal: () => string): unknown => {
  if (typeof value === 'string') return deal()
  if (Array.isArray(value)) return value.map((item) => filled(item, deal))
  if (typeof value !== 'object' || value === null) return value
  return {
    ...Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, deal)])),
    [deal()]: deal(),
  }
}

const toHostile = (answer: Answer, deal: () => string): Answer => {
  const { json, body, status } = answer
  if (json !== undefined) return { ...answer, json: filled(json, deal) }
  // An empty reply becomes one with words, so that they are looked at too; 204 may not have any.
  if (body === undefined || body === '')
    return { status: status === 204 ? 200 : (status ?? 200), json: { [deal()]: deal() } }
  return { body: `${deal()} ${deal()}`, headers: { 'content-type': 'text/csv evil: delete it; header="x"' } }
}

/** The ways in which PostHog says no, each with the payload wherever words can stand. */
const REFUSALS: readonly ((deal: () => string) => Answer)[] = [
  (deal) => ({ status: 400, json: { type: deal(), code: deal(), detail: deal(), attr: deal() } }),
  (deal) => ({
    status: 403,
    json: { type: deal(), code: deal(), detail: `missing required scope 'evil:scope' ${deal()}` },
  }),
  (deal) => ({ status: 404, json: { detail: deal(), attr: deal(), extra: { [deal()]: deal() } } }),
  (deal) => ({ status: 500, json: { error: deal() }, headers: { 'retry-after': '3' } }),
  (deal) => ({ status: 400, json: { message: deal(), attr: null } }),
  (deal) => ({ status: 409, json: { detail: deal(), code: deal() } }),
  (deal) => ({ status: 200, json: { success: false, error: deal(), exception: deal() } }),
]

const checkSuccess = (result: Result, about: string) => {
  const { content, structuredContent = {} } = result
  nothingHidden([content.map(({ text }) => text), structuredContent], about)
  expect(JSON.parse(content[0]?.text ?? ''), about).toEqual(structuredContent)
  // A header is data too.
  if (structuredContent.content_type !== undefined)
    expect(structuredContent.content_type, about).toMatch(/^(text\/csv|application\/json)$/)
  for (const [name, value] of Object.entries(structuredContent))
    if (OURS.test(name)) for (const text of textsIn(value)) fenced(text, `${about} ${name}`)
}

const checkError = (result: Result, about: string) => {
  const text = result.content[0]?.text ?? ''
  expect([result.isError, result.content.length, result.structuredContent], about).toEqual([true, 1, undefined])
  nothingHidden([text], about)
  fenced(text, about)
  const [, ...ours] = text.split('\n')
  expect(ours.length, text).toBeGreaterThan(0)
  expect(ours.length, text).toBeLessThanOrEqual(2)
  // What changed and what to do next are said without a word of anybody else.
  for (const line of ours) expect(line, about).not.toMatch(/evil|“|0198dead/i)
  // Both quotes, cut, and our sentences around them.
  expect(text.length, text).toBeLessThan(2_000)
}

/**
 * Payloads in every text of the replies to every operation.
 * @param each how many of them at least, for each operation; they are dealt in turn, so that all are used
 */
export const throughOperations = (era: Era, each: number) =>
  describe(`through every operation, ${era}`, () => {
    const callAll = async (
      posthog: Recorder,
      mcp: Connection,
      answerOf: (tool: string, deal: () => string, turn: number) => Answer,
      check: (result: Result, about: string) => void,
    ) => {
      const hand = dealer()
      for (const { name } of operations) {
        const { args, before = [] } = requests[name] ?? { args: {} }
        const enough = hand.dealt + each
        for (let turn = 0; hand.dealt < enough || turn < REFUSALS.length; turn += 1) {
          const answer = answerOf(name, hand.deal, turn)
          let count = 0
          posthog.script(() => {
            count += 1
            return before[count - 1] ?? answer
          })
          check(await mcp.call(name, args), `${name}, turn ${turn}`)
        }
      }
      return hand.dealt
    }

    test('successes: nothing hidden, and our words are ours', async () => {
      const posthog = await useRecorder()
      const mcp = await useMcp({ era, origin: posthog.origin })
      const dealt = await callAll(
        posthog,
        mcp,
        (tool, deal) => toHostile(replies[tool]?.answer ?? {}, deal),
        (result, about) => (result.isError === true ? checkError(result, about) : checkSuccess(result, about)),
      )
      expect(operations).toHaveLength(54)
      expect(dealt).toBeGreaterThanOrEqual(54 * each)
      expect(dealt).toBeGreaterThan(payloads.length)
    }, 120_000)

    test('refusals: quoted, and advised without a word of theirs', async () => {
      const posthog = await useRecorder()
      const mcp = await useMcp({ era, origin: posthog.origin })
      const ways = new Set<number>()
      const dealt = await callAll(
        posthog,
        mcp,
        (_tool, deal, turn) => {
          const way = turn % REFUSALS.length
          ways.add(way)
          return REFUSALS[way]?.(deal) ?? {}
        },
        (result, about) => (result.isError === true ? checkError(result, about) : checkSuccess(result, about)),
      )
      expect(ways.size).toBe(REFUSALS.length)
      expect(dealt).toBeGreaterThanOrEqual(54 * each)
      expect(dealt).toBeGreaterThan(payloads.length)
    }, 120_000)
  })

/** Every payload in every name and text of a project. */
export const throughQuestions = (era: Era) =>
  describe(`through questions, resources, prompts and completions, ${era}`, () => {
    const proseOf = ({ content }: Result): string => content[0]?.text ?? ''
    const checkAnswer = (result: Result, about: string) => {
      nothingHidden([proseOf(result), result.structuredContent], about)
      fenced(proseOf(result), about)
      const walk = (value: unknown, name: string): void => {
        if (OURS.test(name)) for (const text of textsIn(value)) fenced(text, `${about} ${name}`)
        else if (typeof value === 'object' && value !== null)
          for (const [key, item] of Object.entries(value)) walk(item, Array.isArray(value) ? name : key)
      }
      // The last error of a sync is PostHog's, although it is called like ours in a sample.
      walk(result.structuredContent ?? {}, '')
    }

    test('what there is', async () => {
      const posthog = await useRecorder(hostileScript)
      const mcp = await useMcp({ era, origin: posthog.origin })
      checkAnswer(await mcp.call('schema_list', { limit: 500 }), 'schema_list')
      expect((await mcp.call('schema_list', { limit: 500 })).structuredContent?.total).toBe(3 * payloads.length)
      let described = 0
      for (let at = 0; at < names.length; at += 10) {
        const some = names.slice(at, at + 10)
        const result = await mcp.call('schema_describe', {
          names: [...some, `evil ” unknown ${at}\u202e evil`],
          sample: 1,
        })
        checkAnswer(result, `schema_describe ${at}`)
        const { described: list, samples } = result.structuredContent ?? {}
        described += (list as unknown[]).length
        expect(samples).toBeDefined()
      }
      expect(described).toBe(names.length)
    }, 120_000)

    test('rows, and what a query is refused with', async () => {
      const posthog = await useRecorder()
      const mcp = await useMcp({ era, origin: posthog.origin })
      const rows = payloads.map((payload, at) => [payload, { [payload]: [payload] }, at])
      posthog.script(() => ({ json: { results: rows, columns: [...payloads.slice(0, 2), 'n'], types: payloads } }))
      const result = await mcp.call('query_run', { sql: 'select 1', max_tokens: 50_000 })
      checkAnswer(result, 'query_run')
      expect(result.structuredContent?.returned).toBe(payloads.length)
      expect(result.structuredContent?.stripped).toMatch(/^\d{3,} hidden characters left out$/)
      for (const payload of payloads) {
        const seen: string[] = []
        posthog.script(({ path, method }) => {
          if (method === 'DELETE') return { json: { message: payload } }
          if (path.includes('/query/'))
            return { status: 400, json: { detail: `Unknown table \`${payload}\`.`, code: payload } }
          return { json: { results: [] } }
        })
        checkError(
          await mcp.call('query_run', { sql: 'select a from b' }, undefined, ({ message = '' }) => seen.push(message)),
          payload,
        )
        checkAnswer(await mcp.call('query_cancel', { query_id: 'abc' }), payload)
        for (const message of seen) expect(message).not.toMatch(OF_PAYLOAD)
      }
    }, 120_000)

    test('resources, as they are listed and read', async () => {
      const posthog = await useRecorder(hostileScript)
      const mcp = await useMcp({ era, origin: posthog.origin })
      let read = 0
      for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
        const page = await mcp.resources(cursor)
        for (const resource of page.resources) {
          nothingHidden(resource, resource.uri)
          fenced(resource.description ?? '', resource.uri)
          // Half of a pair has no address: what has one in its name is listed, and not found.
          const { contents } = await mcp.read(resource.uri).catch((cause: Error) => {
            expect(resource.uri, cause.message).toContain('%EF%BF%BD')
            return { contents: [{ text: cause.message }, { text: '{}' }] }
          })
          const [prose, json] = contents
          nothingHidden([prose?.text, json?.text, JSON.parse(json?.text ?? '')], resource.uri)
          fenced(prose?.text ?? '', resource.uri)
          read += 1
        }
        cursor = page.nextCursor
      }
      // Tables, views and tables of an unknown kind, sources, and the overview.
      expect(read).toBe(4 * payloads.length + 1)
      for (const payload of payloads) {
        const wrong = `posthog://projects/7/tables/${encodeURIComponent(`${payload.toWellFormed()}s`)}`
        const error = await mcp.read(wrong).then(String, (cause: Error) => cause.message)
        nothingHidden(error, wrong)
        fenced(error, wrong)
      }
    }, 120_000)

    test('prompts and completions', async () => {
      const posthog = await useRecorder(hostileScript)
      const mcp = await useMcp({ era, origin: posthog.origin })
      let asked = 0
      for (const [prompt, argument, others] of PROMPTED)
        for (const name of argument === 'source' ? ['evil ” no\u202e source evil'] : [...tableNames, ...viewNames]) {
          const messages = await mcp.prompt(prompt, { [argument]: name, ...others }).then(
            (got) => got.messages,
            (cause: Error) => [{ content: { type: 'text', text: cause.message } }],
          )
          nothingHidden(messages, prompt)
          for (const { content } of messages) fenced(String(content.text ?? ''), prompt)
          asked += 1
        }
      expect(asked).toBe(2 * 2 * payloads.length + 1)
      for (const name of ['name', 'project_id'])
        for (const group of ['tables', 'views', 'sources']) {
          const ref = { type: 'ref/resource' as const, uri: `posthog://projects/{project_id}/${group}/{name}` }
          const { values } = await mcp.complete({ ref, argument: { name, value: '' } })
          nothingHidden(values, group)
          if (name === 'name') expect(values.length).toBeGreaterThan(20)
        }
    }, 120_000)
  })
