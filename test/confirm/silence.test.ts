import { expect, onTestFinished, test } from 'vitest'
import { createCall, isAsked } from '../../src/call.ts'
import { toCatalogue } from '../../src/catalogue.ts'
import type { Form, Person, Reply } from '../../src/confirm/person.ts'
import { allowFiles } from '../../src/files.ts'
import { createHttpClient, type HttpRequest, type HttpSender } from '../../src/http/client.ts'
import { createLook } from '../../src/look.ts'
import { createProjects } from '../../src/project.ts'
import { operations } from '../../tools/index.ts'
import { approvals, noHooks, toResult } from '../fake/hooks.ts'
import { useRecorder } from '../fake/recorder.ts'
import { noSecrets } from '../fake/secrets.ts'
import { DESTROYS, isDestruction, posthog } from './destroys.ts'

const catalogue = toCatalogue(operations, false)

/** Every destructive call in this process, with this answer. */
const callAll = async (person: Person, broken = false) => {
  const upstream = await useRecorder(posthog())
  const { origin } = upstream
  const apiKey = 'phx_test-key-0123456789'
  const client = createHttpClient({ origin, apiKey, userAgent: 'test/1', maxInFlight: 8, env: {} })
  onTestFinished(() => client.close())
  const sent: HttpRequest[] = []
  const http: HttpSender = {
    send: (request) => {
      sent.push(request)
      return client.send(request)
    },
  }
  const own = approvals()
  const uses = { take: () => Promise.reject(new Error('Redis is away')) }
  const confirm = broken ? { ...own, uses } : own
  const projects = createProjects(7, createLook(http))
  const means = { http, projects, files: allowFiles([]), origin, apiKey, confirm, ...noSecrets }
  const call = createCall(means, noHooks)
  const texts: string[] = []
  for (const [name, args] of Object.entries(DESTROYS)) {
    const tool = catalogue.get(name)
    if (tool === undefined) throw new Error(`no tool ${name}`)
    const first = await call(tool, args, { signal: new AbortController().signal, person })
    const answer =
      isAsked(first) && 'form' in first && broken
        ? await call(tool, args, {
            signal: new AbortController().signal,
            person: { way: 'rounds', state: first.state, reply: accepts(first.form) },
          })
        : first
    texts.push(
      toResult(answer)
        .content.map((block) => ('text' in block ? block.text : ''))
        .join(),
    )
  }
  return { texts, destroyed: upstream.requests.filter(isDestruction), sent }
}

const accepts = ({ schema }: Form): Reply => {
  const { name } = schema.properties
  return { action: 'accept', content: name === undefined ? { approved: true } : { name: name.description } }
}

test('when the time is up nothing is changed, and the answer says so', async () => {
  const { texts, destroyed } = await callAll({ way: 'push', ask: async () => ({ action: 'silence' }) })
  expect(texts).toHaveLength(Object.keys(DESTROYS).length)
  for (const text of texts) expect(text).toMatch(/^Nobody answered the question in time\.\nNothing was changed\./)
  expect(destroyed).toEqual([])
})

test('when it cannot be recorded that a confirmation was used, it does not count', async () => {
  const { texts, destroyed } = await callAll({ way: 'rounds', state: undefined, reply: undefined }, true)
  expect(texts).toHaveLength(Object.keys(DESTROYS).length)
  for (const text of texts) expect(text).toMatch(/cannot be made sure just now[\s\S]*Nothing was changed\./)
  expect(destroyed).toEqual([])
})

test('what is looked up before waits no longer than any read, however long the call itself may take', async () => {
  const { sent, destroyed } = await callAll({ way: 'push', ask: async (form) => accepts(form) })
  expect(destroyed).toHaveLength(Object.keys(DESTROYS).length)
  const looks = sent.filter(({ method, path }) => method === 'GET' || path.endsWith('/count/'))
  // Each object before the question and after it, and what guards look at.
  expect(looks.length).toBeGreaterThanOrEqual(2 * destroyed.length)
  expect(new Set(looks.map(({ deadlineMs }) => deadlineMs))).toEqual(new Set([45_000]))
  const long = sent.filter(({ deadlineMs }) => deadlineMs === 120_000)
  expect(long.map(({ path }) => /[^/]+\/$/.exec(path)?.[0]).sort()).toEqual(['file/', 'refresh_schema/'])
})
