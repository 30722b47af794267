import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toCatalogue } from '../../src/catalogue.ts'
import { operations } from '../../tools/index.ts'
import { answering, requests } from '../calls/requests.ts'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { type Answer, type Recorder, startRecorder } from '../fake/recorder.ts'
import { replies } from '../fixtures/replies.ts'
import { mainFields } from './main-fields.ts'

type Json = Record<string, unknown>

const folder = mkdtempSync(join(tmpdir(), 'output-'))
let posthog: Recorder
let mcp: Connection
beforeAll(async () => {
  posthog = await startRecorder()
  mcp = await connectMcp({ origin: posthog.origin, flags: ['--allow-dir', folder, '--reveal-passwords'] })
  // From here on the client checks every result against the listed schema.
  await mcp.list()
})
afterAll(async () => {
  await mcp.close()
  await posthog.close()
  rmSync(folder, { recursive: true })
})

const tools = Object.keys(mainFields)
const schemas = new Map(
  [...toCatalogue(operations, false).values()].map(({ definition }) => [definition.name, definition.outputSchema]),
)
const validator = new AjvJsonSchemaValidator()
const fits = (schema: object, value: unknown): boolean =>
  // The validator's type spells out JSON Schema; what the server lists is JSON Schema.
  validator.getValidator(schema as Parameters<typeof validator.getValidator>[0])(value).valid

const call = async (tool: string, change: (answer: Answer) => Answer, extra: Json = {}): Promise<Json> => {
  const known = requests[tool] ?? { args: {} }
  const reply = replies[tool]
  if (reply === undefined) throw new Error(`no reply for ${tool}`)
  posthog.script(answering(known, change(reply.answer)))
  const result = await mcp.call(tool, { ...known.args, ...extra })
  if (result.isError === true || result.structuredContent === undefined)
    throw new Error(`${tool}: ${result.content[0]?.text}`)
  expect(JSON.parse(result.content[0]?.text ?? '')).toEqual(result.structuredContent)
  return result.structuredContent
}
const same = (answer: Answer) => answer

/** The paths of everything a schema names: `a`, `a[].b`; below an open object nothing is named. */
const pathsOf = (schema: Json, at = ''): readonly string[] => {
  // Keywords of a JSON Schema that was checked to be one.
  const properties = (schema.properties ?? {}) as Record<string, Json>
  const items = schema.items as Json | undefined
  return [
    ...Object.entries(properties).flatMap(([name, below]) => {
      const path = at === '' ? name : `${at}.${name}`
      return [path, ...pathsOf(below, path)]
    }),
    ...(items === undefined ? [] : pathsOf(items, `${at}[]`)),
  ]
}

/** The schema with the one at the path changed; undefined takes it away. */
const withChanged = (schema: Json, path: readonly string[], change: (node: Json) => Json | undefined): Json => {
  const [step = '', ...rest] = path
  if (step.endsWith('[]')) {
    const name = step.slice(0, -2)
    // As above: keywords of a JSON Schema.
    const list = (schema.properties as Record<string, Json>)[name] as Json
    const items = withChanged(list.items as Json, rest, change)
    return { ...schema, properties: { ...(schema.properties as Json), [name]: { ...list, items } } }
  }
  const { [step]: node = {}, ...others } = schema.properties as Record<string, Json>
  const changed = change(node)
  return { ...schema, properties: changed === undefined ? others : { ...others, [step]: changed } }
}

/** Inputs with which a reply has fields it has not otherwise: a file that is kept, a page that has rows. */
const FULLER: Readonly<Record<string, Json>> = {
  exports_content: { save_to: 'export.csv' },
  warehouse_saved_queries_list: { offset: 0 },
}

const OTHER_TYPE: Readonly<Record<string, string>> = {
  string: 'number',
  number: 'string',
  boolean: 'array',
  array: 'object',
  object: 'boolean',
}

describe('an output schema', () => {
  const samples = new Map<string, readonly Json[]>()
  let killed = 0
  const survived: string[] = []

  /** What has to hold: exactly the main fields are named, and what the server answers fits. */
  const holds = (tool: string, schema: Json): boolean =>
    [...pathsOf(schema)].sort().join() === [...(mainFields[tool] ?? [])].sort().join() &&
    (samples.get(tool) ?? []).every((sample) => fits(schema, sample))

  test.each(tools)('%s names its main fields, and real replies fit', async (tool) => {
    const answered = await call(tool, same, FULLER[tool])
    const plain = FULLER[tool] === undefined ? [] : [await call(tool, same)]
    // A list that goes on has these too; not every reply above is one.
    const page = { ...answered, returned: 1, total: 2, more: true, next: { offset: 1 } }
    samples.set(tool, mainFields[tool]?.includes('results') ? [answered, ...plain, page] : [answered, ...plain])
    const schema = schemas.get(tool)
    if (schema === undefined) throw new Error(`no schema of ${tool}`)
    expect([...pathsOf(schema)].sort()).toEqual([...(mainFields[tool] ?? [])].sort())
    expect(holds(tool, schema)).toBe(true)

    for (const path of pathsOf(schema)) {
      const steps = path.split('.')
      const mutants = [
        ['dropped', withChanged(schema, steps, () => undefined)],
        ['retyped', withChanged(schema, steps, ({ type }) => ({ type: OTHER_TYPE[String(type)] ?? 'null' }))],
      ] as const
      for (const [how, mutant] of mutants) {
        if (holds(tool, mutant)) survived.push(`${tool}: ${path} ${how}`)
        else killed += 1
      }
    }
  })

  test('is missed by no mutant', () => {
    expect(samples.size).toBe(54)
    expect(survived).toEqual([])
    expect(killed).toBeGreaterThan(600)
  })
})

/** Every place of a JSON value that holds an object, as functions that put a changed one in its place. */
const objectsIn = (value: unknown): readonly ((change: (one: Json) => Json) => unknown)[] => {
  if (Array.isArray(value))
    return value.flatMap((item, index) =>
      objectsIn(item).map((put) => (change: (one: Json) => Json) => value.with(index, put(change))),
    )
  if (typeof value !== 'object' || value === null) return []
  // A non-null object that is no array has string keys.
  const own = value as Json
  return [
    (change) => change(own),
    ...Object.entries(own).flatMap(([key, item]) =>
      objectsIn(item).map((put) => (change: (one: Json) => Json) => ({ ...own, [key]: put(change) })),
    ),
  ]
}

const keysOf = (put: (change: (one: Json) => Json) => unknown): readonly string[] => {
  let keys: readonly string[] = []
  put((one) => {
    keys = Object.keys(one)
    return one
  })
  return keys
}

const withJson = tools.filter((tool) => replies[tool]?.answer.json !== undefined)

describe('a client is never broken by a reply that', () => {
  // The client rejects a result that does not fit its schema, so a call that comes back has been checked.
  test.each(withJson)('%s: has new fields, nulls or other types anywhere', async (tool) => {
    const known = requests[tool] ?? { args: {} }
    const answer = replies[tool]?.answer
    let variants = 0
    for (const put of objectsIn(answer?.json)) {
      const changes: ((one: Json) => Json)[] = [(one) => ({ ...one, brand_new: { a: [1, null] }, another_new: null })]
      for (const key of keysOf(put)) {
        for (const other of [null, 12, 'text', [null], { x: 1 }]) changes.push((one) => ({ ...one, [key]: other }))
      }
      for (const change of changes) {
        variants += 1
        posthog.script(answering(known, { ...answer, json: put(change) }))
        await mcp.call(tool, known.args)
      }
    }
    expect(variants).toBeGreaterThan(0)
  })

  test('has rows that are no objects', async () => {
    const json = { count: 3, next: null, results: [null, 'text', 7, []] }
    const { results } = await call('warehouse_tables_list', () => ({ json }))
    expect(results).toEqual([null, 'text', 7, []].map((value) => ({ unexpected: { value } })))
  })

  test('has a total that is no number', async () => {
    const result = await call('warehouse_tables_list', () => ({ json: { count: '3', next: null, results: [] } }))
    expect(result).toEqual({ results: [], returned: 0, more: false, project_id: 7 })
  })
})

describe('a success of another form than the operation has', () => {
  const listed = withJson.filter((tool) => mainFields[tool]?.includes('results'))
  const single = withJson.filter((tool) => !mainFields[tool]?.includes('results'))
  const bodiless = ['external_data_sources_reload', 'file_system_delete']

  test.each([
    ['a list without rows', listed, { json: 'text' }],
    ['an object that is text', single, { json: 'text' }],
    ['an object that is an array', single, { json: [{ id: 1 }] }],
    ['an object that is null', single, { json: null }],
    ['an object that is nothing', single.filter((tool) => !bodiless.includes(tool)), { status: 200 }],
    ['a list that is nothing', listed, { status: 200 }],
    [
      'a list that is an object',
      // These two read an object themselves.
      listed.filter((tool) => !/wizard|property_values/.test(tool)),
      { json: { detail: 'something else' } },
    ],
  ])('is never told as nothing: %s', async (_case, some, answer) => {
    expect(some.length).toBeGreaterThan(10)
    for (const tool of some) {
      const known = requests[tool] ?? { args: {} }
      posthog.script(answering(known, answer))
      const { isError, structuredContent, content } = await mcp.call(tool, known.args)
      expect({ tool, isError, structuredContent }).toEqual({ tool, isError: true, structuredContent: undefined })
      expect(content[0]?.text).toContain(
        `${tool}: ${posthog.origin} answered 200 with a reply of another form than this operation has`,
      )
    }
  })
})

describe('a field of another type than declared', () => {
  // Renamed or computed on the way, so what upstream calls it is not what the result does.
  const computed: Readonly<Record<string, readonly string[]>> = {
    external_data_sources_get: ['schemas'],
    external_data_sources_update: ['schemas'],
    external_data_sources_revenue_analytics_config: ['schemas'],
    file_system_count: ['entries'],
  }
  const objects = withJson.filter((tool) => !mainFields[tool]?.includes('results'))

  test.each(objects)('%s: is shown under unexpected', async (tool) => {
    const names = (mainFields[tool] ?? []).filter((path) => !/[.[]/.test(path))
    const copied = names.filter((name) => !computed[tool]?.includes(name) && name !== 'password')
    for (const name of copied) {
      const odd = { x: 'odd' }
      // An object does for every type but object itself.
      const isObject = schemas.get(tool)?.properties[name]?.type === 'object'
      const other = isObject ? 'odd' : odd
      const result = await call(tool, (answer) => ({ ...answer, json: { ...(answer.json as Json), [name]: other } }))
      expect(result).not.toHaveProperty([name])
      expect(result.unexpected).toEqual({ [name]: other })
    }
  })

  test('keeps its row in a list', async () => {
    const result = await call('file_system_list', (answer) => ({
      ...answer,
      json: { count: 1, next: null, results: [{ id: 'a', path: 7, type: 'folder', shortcut: 'yes' }] },
    }))
    expect(result.results).toEqual([{ id: 'a', type: 'folder', unexpected: { path: 7, shortcut: 'yes' } }])
  })
})

test('noise does not reach a model', async () => {
  const result = await call('warehouse_tables_get', (answer) => ({
    // A user of whom less is told than usual stays an object.
    json: { ...(answer.json as Json), last_edited_by: { first_name: 'Ada', hedgehog_config: { color: 'red' } } },
  }))
  expect(result.last_edited_by).toEqual({ first_name: 'Ada' })
  // A column's key says no more than its name.
  expect(result.columns).toEqual([
    { name: 'id', type: 'integer', schema_valid: true },
    { name: 'total', type: 'float', schema_valid: true },
  ])
  const text = JSON.stringify(result)
  expect(text).not.toContain('null')
  expect(text).not.toContain('hedgehog')
  expect(text).not.toContain('distinct_id')
  const list = JSON.stringify(await call('file_system_list', same))
  expect(list).not.toContain('hedgehog')
  expect(list).not.toContain('"users"')
})

test('a success without a body says what was asked, of what, where', async () => {
  const empty = tools.filter((tool) => replies[tool]?.answer.json === undefined && tool !== 'exports_content')
  expect(empty).toHaveLength(11)
  for (const tool of empty) {
    const result = await call(tool, same)
    expect(String(result.done)).toMatch(/^(PostHog|The prefix) .*\.$/)
    expect(result.project_id).toBe(7)
  }
  for (const tool of ['external_data_sources_reload', 'file_system_delete']) {
    const result = await call(tool, () => ({ status: 204 }))
    expect(String(result.done)).toMatch(/^PostHog .*\.$/)
    expect(result).toMatchObject({ id: '0198aa00-0000-4000-8000-000000000001', project_id: 7 })
  }
})
