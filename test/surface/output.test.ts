import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toCatalogue } from '../../src/catalogue.ts'
import { operations } from '../../tools/index.ts'
import { requests } from '../calls/requests.ts'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { type Answer, inTurn, type Recorder, startRecorder } from '../fake/recorder.ts'
import { replies } from '../fixtures/replies.ts'
import { mainFields } from './main-fields.ts'

type Json = Record<string, unknown>

const folder = mkdtempSync(join(tmpdir(), 'output-'))
let posthog: Recorder
let mcp: Connection
beforeAll(async () => {
  posthog = await startRecorder()
  mcp = await connectMcp({ origin: posthog.origin, flags: ['--allow-dir', folder] })
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
  const { args, before = [] } = requests[tool] ?? { args: {} }
  const reply = replies[tool]
  if (reply === undefined) throw new Error(`no reply for ${tool}`)
  posthog.script(inTurn([...before, change(reply.answer)]))
  const result = await mcp.call(tool, { ...args, ...extra })
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

/** Inputs with which a reply has every field: a file that is kept, a page that has rows. */
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
    // A list that goes on has these too; not every reply above is one.
    const page = { ...answered, returned: 1, total: 2, more: true, next: { offset: 1 } }
    samples.set(tool, mainFields[tool]?.includes('results') ? [answered, page] : [answered])
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
    const json = replies[tool]?.answer.json
    let variants = 0
    for (const put of objectsIn(json)) {
      const changes: ((one: Json) => Json)[] = [(one) => ({ ...one, brand_new: { a: [1, null] }, another_new: null })]
      for (const key of keysOf(put)) {
        for (const other of [null, 12, 'text', [null], { x: 1 }]) changes.push((one) => ({ ...one, [key]: other }))
      }
      for (const change of changes) {
        variants += 1
        await call(tool, (answer) => ({ ...answer, json: put(change) }))
      }
    }
    expect(variants).toBeGreaterThan(0)
  })

  test.each<[string, unknown]>([
    ['null rows', { count: 3, next: null, results: [null, 'text', 7, [], true] }],
    ['no rows', { count: 0, next: null }],
    ['rows that are no list', { count: 0, next: null, results: { a: 1 } }],
    ['a total as text', { count: '3', next: null, results: [] }],
  ])('has %s in a list', async (_case, json) => {
    for (const tool of ['warehouse_tables_list', 'file_system_list', 'data_warehouse_data_health_issues'])
      await call(tool, (answer) => ({ ...answer, json }))
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
