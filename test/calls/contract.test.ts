import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connectMcp, KEY } from '../fake/mcp.ts'
import { type Recorded, type Recorder, startRecorder } from '../fake/recorder.ts'
import { behindLooks } from '../fake/shown.ts'
import { ID, replies } from '../fixtures/replies.ts'
import { answering, requests, type Sent } from './requests.ts'

interface Row {
  readonly tool: string
  readonly method: string
  readonly root: 'environments' | 'projects'
  readonly path: string
}

// The fixture is a literal of this shape.
const { rows } = JSON.parse(readFileSync(new URL('../fixtures/endpoints.json', import.meta.url), 'utf8')) as {
  rows: Row[]
}

const byName = (query: readonly (readonly [string, string])[] = []) =>
  query.map(([name, value]) => `${name}=${value}`).sort()

/** The parts of a multipart body, by hand: the test must not trust a parser that shares the writer's mistakes. */
const partsOf = ({ headers, body }: Recorded) => {
  const boundary = /^multipart\/form-data; boundary="?([^";]+)"?$/.exec(headers['content-type'] ?? '')?.[1]
  expect(boundary).toBeDefined()
  expect(body.endsWith(`--${boundary}--\r\n`)).toBe(true)
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => {
      const [, head = '', value = ''] = /^\r\n([\s\S]*?)\r\n\r\n([\s\S]*)\r\n$/.exec(part) ?? []
      const fileName = /filename="([^"]*)"/.exec(head)?.[1]?.replace(/-[0-9a-f]{8}(?=\.\w+$)/, '-{8 random}')
      const name = /\bname="([^"]*)"/.exec(head)?.[1]
      expect(/content-type: (\S+)/i.exec(head)?.[1]).toBe(
        fileName === undefined ? undefined : 'application/octet-stream',
      )
      return fileName === undefined ? { name, value } : { name, fileName, value }
    })
}

const check = (arrived: Recorded, sent: Sent, base: string) => {
  expect(`${arrived.method} ${arrived.path}`).toBe(`${sent.method} ${base}${sent.path}`)
  expect(byName(arrived.query)).toEqual(byName(sent.query))
  expect(arrived.headers.authorization).toBe(`Bearer ${KEY}`)
  expect(arrived.headers['user-agent']).toMatch(/^posthog-warehouse-mcp\/\d+\.\d+\.\d+$/)
  expect(`${arrived.path}${JSON.stringify(arrived.query)}${arrived.body}`).not.toContain(KEY)
  if (sent.form) {
    expect(partsOf(arrived)).toEqual(sent.form)
    expect(arrived.headers['content-length']).toBe(String(Buffer.byteLength(arrived.body)))
    return
  }
  expect(arrived.json).toEqual(sent.json)
  if (sent.json === undefined) {
    expect(arrived.body).toBe('')
    expect(arrived.headers['content-type']).toBeUndefined()
  } else expect(arrived.headers['content-type']).toBe('application/json')
}

/** What a schema is read from, where none was read lately. */
const OF_SCHEMA =
  /^(POST \/api\/projects\/\d+\/query|GET \/api\/projects\/\d+\/(external_data_sources|warehouse_saved_queries))\/$/

/** What was looked up before the request that destroys, besides the schema; nothing else may come before it. */
const looksIn = (all: readonly Recorded[], base: string): readonly string[] => {
  const before = all.slice(0, all.length - behindLooks(all).length)
  const looks = before.map(({ method, path }) => `${method} ${path}`).filter((look) => !OF_SCHEMA.test(look))
  return [...new Set(looks.map((look) => look.replace(base, '')))].sort()
}

describe('all 76 rows of the oracle', () => {
  let posthog: Recorder
  let mcp: Connection
  const rowsSeen = new Set<string>()
  const toolsSeen = new Set<string>()

  beforeAll(async () => {
    posthog = await startRecorder()
    mcp = await connectMcp({ origin: posthog.origin, flags: ['--reveal-passwords'] })
    await mcp.list()
  })
  afterAll(async () => {
    await mcp.close()
    await posthog.close()
  })

  test.each(rows)('$tool under $root', async ({ tool, method, root, path }) => {
    const known = requests[tool] ?? { args: {}, sends: [] }
    const { args, sends, looks } = known
    const reply = replies[tool]
    if (reply === undefined) throw new Error(`no reply written down for ${tool}`)
    posthog.script(answering(known, reply.answer))
    const project = root === 'environments' ? 31 : 7
    const result = await mcp.call(tool, root === 'environments' ? { ...args, environment_id: 31 } : args)

    expect(result.content[0]?.text).not.toMatch(/Nothing was changed|not known whether/)
    expect(result.isError).not.toBe(true)
    const base = `/api/${root}/${project}/`
    const all = looks === undefined ? posthog.requests : behindLooks(posthog.requests)
    if (looks !== undefined) expect(looksIn(posthog.requests, base)).toEqual([...looks].sort())
    expect(all).toHaveLength(sends.length)
    for (const [index, sent] of sends.entries()) {
      const arrived = all[index]
      if (arrived === undefined) throw new Error('less arrived than was counted')
      check(arrived, sent, base)
    }
    // The table above agrees with the documented row.
    const last = posthog.requests.at(-1)
    const id = tool === 'exports_content' ? '812' : ID
    expect(`${last?.method} ${last?.path}`).toBe(
      `${method} ${path.replace('{project_id}', String(project)).replace('{id}', id)}`,
    )
    expect(result.structuredContent).toMatchObject({ ...reply.shows, project_id: project })
    rowsSeen.add(`${tool} ${root}`)
    toolsSeen.add(tool)
  })

  test('the loop above went over all of them', () => {
    expect([rowsSeen.size, toolsSeen.size]).toEqual([76, 54])
    expect(Object.keys(requests).sort()).toEqual([...toolsSeen].sort())
  })
})
