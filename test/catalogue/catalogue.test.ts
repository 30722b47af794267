import { readdirSync, readFileSync } from 'node:fs'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, test } from 'vitest'
import { toCatalogue } from '../../src/catalogue.ts'
import type { Operation } from '../../src/operation.ts'
import { operations } from '../../tools/index.ts'
import { facts } from './facts.ts'

interface Row {
  readonly tool: string
  readonly method: string
  readonly root: 'environments' | 'projects'
  readonly path: string
  readonly documentedScopes: readonly string[]
  readonly documentedQuery: readonly string[]
  readonly documentedBody: readonly string[]
}

// The fixture is a literal of this shape.
const { rows } = JSON.parse(readFileSync(new URL('../fixtures/endpoints.json', import.meta.url), 'utf8')) as {
  rows: Row[]
}
const catalogue = toCatalogue(operations, false)
const names = operations.map(({ name }) => name)
const named = (name: string): Operation => {
  const operation = operations.find((one) => one.name === name)
  if (operation === undefined) throw new Error(`no operation ${name}`)
  return operation
}

/** Every node of a JSON Schema with where it stands; names of properties are not keywords. */
const nodesOf = (schema: unknown, at = ''): readonly (readonly [string, Record<string, unknown>])[] => {
  if (typeof schema !== 'object' || schema === null) return []
  // Any non-null object read as keywords.
  const node = schema as Record<string, unknown>
  const below = Object.entries(node).flatMap(([key, value]) =>
    key === 'properties'
      ? Object.entries(value ?? {}).flatMap(([name, one]) => nodesOf(one, `${at}.${name}`))
      : Array.isArray(value)
        ? value.flatMap((one, index) => nodesOf(one, `${at}/${key}[${index}]`))
        : nodesOf(value, `${at}/${key}`),
  )
  return [[at, node], ...below]
}

describe('the list', () => {
  test('has the 54 documented names, once, in one order', () => {
    expect(names).toEqual(facts.map(({ tool }) => tool))
    expect(new Set(names).size).toBe(54)
    expect([...names].sort()).toEqual([...new Set(rows.map(({ tool }) => tool))].sort())
    expect([...catalogue.keys()]).toEqual(names)
    for (const name of names) expect(name).toMatch(/^[a-z][a-z_]{0,51}$/)
  })

  test('covers all 76 rows: method, path, roots', () => {
    const covered = rows.filter(({ tool, method, root, path }) => {
      const operation = named(tool)
      return (
        operation.method === method &&
        operation.documented.includes(root) &&
        path === `/api/${root}/{project_id}/${operation.path}`
      )
    })
    expect(covered).toHaveLength(76)
    expect(operations.reduce((count, { documented }) => count + documented.length, 0)).toBe(76)
  })

  test('takes every documented field, or says why not', () => {
    let fields = 0
    for (const { tool, documentedQuery, documentedBody } of rows) {
      const { input, leftOut = {} } = named(tool)
      for (const field of [...documentedQuery, ...documentedBody]) {
        fields += 1
        if (field in input.shape) expect(leftOut).not.toHaveProperty([field])
        else expect(leftOut[field], `${tool}: ${field}`).toMatch(/\w+ \w+/)
      }
    }
    expect(fields).toBe(172)
  })
})

describe('what each tool is', () => {
  test.each(facts)('$tool', ({ tool, effect, idempotent, openWorld, keys, scopes }) => {
    const operation = named(tool)
    expect(catalogue.get(tool)?.definition.annotations).toEqual({
      readOnlyHint: effect === 'read',
      destructiveHint: effect === 'destructive',
      idempotentHint: idempotent,
      openWorldHint: openWorld,
    })
    expect({ keys: operation.keys, scopes: operation.scopes }).toEqual({ keys, scopes })
    // The tier is what the caller is trusted with: never less than the effect or the scope.
    const write = effect !== 'read' || scopes.some((scope) => scope.endsWith(':write'))
    expect(operation.tier).toBe(write ? 'write' : 'read')
  })

  test('documented scopes are never asked for less', () => {
    let checked = 0
    for (const { tool, documentedScopes } of rows) {
      for (const scope of documentedScopes) {
        checked += 1
        expect(named(tool).scopes).toContain(scope)
      }
    }
    expect(checked).toBe(48)
  })

  test('what depends on the arguments is said, and is right', () => {
    const depends = operations.filter(({ destructiveWhen }) => destructiveWhen)
    expect(depends.map(({ name }) => name)).toEqual([
      'warehouse_tables_upload_file',
      'external_data_sources_revenue_analytics_config',
    ])
    const upload = named('warehouse_tables_upload_file').destructiveWhen
    expect([upload?.is({ replace: true }), upload?.is({ replace: false }), upload?.is({})]).toEqual([
      true,
      false,
      false,
    ])
    const revenue = named('external_data_sources_revenue_analytics_config').destructiveWhen
    expect([revenue?.is({ enabled: false }), revenue?.is({ enabled: true }), revenue?.is({})]).toEqual([
      true,
      false,
      false,
    ])
    for (const { effect } of depends) expect(effect).toBe('destructive')
  })

  test('secrets are declared where credentials go in, and shown only where they are the purpose', () => {
    const declared = operations.flatMap(({ name, secrets }) => (secrets ? [[name, ...secrets]] : []))
    expect(declared).toEqual([
      ['warehouse_tables_create', 'credential.access_key', 'credential.access_secret'],
      ['warehouse_tables_update', 'credential.access_key', 'credential.access_secret'],
      ['external_data_sources_create', 'payload.*'],
      ['external_data_sources_update', 'job_inputs.*'],
      ['external_data_sources_database_schema', 'payload.*'],
    ])
    const without = operations.filter(({ secrets, secretsGo }) => (secrets === undefined) !== (secretsGo === undefined))
    expect(without.map(({ name }) => name)).toEqual([])
    const shown = operations.flatMap(({ name, reveals }) => (reveals ? [[name, ...reveals]] : []))
    expect(shown).toEqual([
      ['data_warehouse_provision', 'password'],
      ['data_warehouse_reset_password', 'password'],
    ])
  })

  test('time is given where upstream connects, probes, runs SQL or takes files', () => {
    expect(operations.filter(({ deadline }) => deadline === 'long').map(({ name }) => name)).toEqual([
      'warehouse_tables_create',
      'warehouse_tables_refresh_schema',
      'warehouse_tables_upload_file',
      'external_data_sources_create',
      'external_data_sources_update',
      'external_data_sources_database_schema',
      'warehouse_saved_queries_create',
      'warehouse_saved_queries_update',
      'data_warehouse_property_values',
      'exports_content',
    ])
    expect(operations.filter(({ storageRedirect }) => storageRedirect).map(({ name }) => name)).toEqual([
      'exports_content',
    ])
  })
})

describe('tools that are named', () => {
  const named54 = new Set(names)
  const mentions = (text: string) =>
    text.match(
      /\b(warehouse_tables|external_data_sources|warehouse_saved_queries|data_warehouse|exports|file_system)_\w+/g,
    ) ?? []

  test('exist, in every text of the catalogue', () => {
    const folder = new URL('../../tools/', import.meta.url)
    const found = readdirSync(folder).flatMap((file) => mentions(readFileSync(new URL(file, folder), 'utf8')))
    expect(found.length).toBeGreaterThan(130)
    expect(found.filter((name) => !named54.has(name))).toEqual([])
  })

  test('tell whether a write was carried out: a read, or a note where keys cannot read it', () => {
    const writes = operations.filter(({ effect }) => effect !== 'read')
    expect(writes).toHaveLength(27)
    for (const { name, check = '', checkNote } of writes) {
      expect(named(check).effect, name).toBe('read')
      if (named(check).keys === 'refused') expect(checkNote, name).toMatch(/\w/)
    }
  })

  test('answer instead of what keys cannot call, or the app does', () => {
    const kept = operations.filter(({ keys }) => keys !== 'allowed')
    expect(kept).toHaveLength(24)
    for (const { name, instead = '' } of kept) {
      const tools = mentions(instead)
      expect(tools.length > 0 || /PostHog app|posthog\.com/.test(instead), name).toBe(true)
      // Sending a model from one closed door to the next helps nobody.
      const open = tools.filter((tool) => named(tool).keys !== 'refused')
      if (!/PostHog app|posthog\.com|app shows/.test(instead)) expect(open.length, name).toBeGreaterThan(0)
      expect(tools, name).not.toContain(name)
    }
  })
})

describe('schemas', () => {
  const definitions = [...catalogue.values()].map(({ definition }) => definition)

  test('inputs are lean and closed', () => {
    let nodes = 0
    for (const { name, inputSchema } of definitions) {
      expect(inputSchema.type, name).toBe('object')
      for (const root of ['anyOf', 'oneOf', 'allOf', '$ref', '$defs'])
        expect(inputSchema, name).not.toHaveProperty(root)
      for (const [at, node] of nodesOf(inputSchema)) {
        nodes += 1
        const where = `${name}${at}`
        expect(node, where).not.toHaveProperty('$schema')
        expect(String(node.pattern ?? '').length, where).toBeLessThan(60)
        for (const bound of ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'])
          expect(Math.abs(Number(node[bound] ?? 0)), where).toBeLessThan(1_000_000_000)
        if (node.properties !== undefined) expect(node.additionalProperties, where).toBe(false)
      }
    }
    expect(nodes).toBeGreaterThan(250)
  })

  test('every input says what it is', () => {
    for (const { name, inputSchema } of definitions) {
      for (const [input, schema] of Object.entries(inputSchema.properties))
        expect(schema.type ?? schema.enum, `${name}.${input}`).toBeDefined()
    }
  })

  test('ids are ids, and both projects are taken everywhere', () => {
    for (const { name, inputSchema } of definitions) {
      const { properties } = inputSchema
      expect(properties, name).toHaveProperty('project_id')
      expect(properties, name).toHaveProperty('environment_id')
      if (properties.id !== undefined && name !== 'exports_content') expect(properties.id.format, name).toBe('uuid')
    }
  })

  test('outputs are open, and demand nothing', () => {
    let nodes = 0
    for (const { name, outputSchema } of definitions) {
      expect(outputSchema.type, name).toBe('object')
      for (const [at, node] of nodesOf(outputSchema)) {
        nodes += 1
        const where = `${name}${at}`
        for (const closed of [
          'additionalProperties',
          'required',
          'enum',
          'const',
          'pattern',
          'format',
          'anyOf',
          '$schema',
        ])
          expect(node, where).not.toHaveProperty(closed)
      }
    }
    expect(nodes).toBeGreaterThan(250)
  })

  test('a locked project takes both inputs out of every one', () => {
    const locked = [...toCatalogue(operations, true).values()]
    expect(locked).toHaveLength(54)
    for (const { definition } of locked) {
      expect(definition.inputSchema.properties).not.toHaveProperty('project_id')
      expect(definition.inputSchema.properties).not.toHaveProperty('environment_id')
    }
  })

  test('a model pays at most 110 tokens for what it sees of a tool, 200 for all of it', () => {
    const tokens = (value: unknown) => encode(JSON.stringify(value)).length
    const seen = definitions.map(({ name, description, inputSchema }) => tokens({ name, description, inputSchema }))
    const whole = definitions.map(tokens)
    const average = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / all.length
    expect(average(seen)).toBeLessThanOrEqual(110)
    expect(average(whole)).toBeLessThanOrEqual(200)
    // Not an empty list that costs nothing.
    expect(average(seen)).toBeGreaterThan(60)
  })
})

test('descriptions are short, and tell neighbours apart', () => {
  for (const { name, title, description } of operations) {
    expect(description.length, name).toBeLessThanOrEqual(320)
    expect(description.length, name).toBeGreaterThan(30)
    expect(title, name).toMatch(/^[A-Z]/)
  }
  expect(named('external_data_sources_reload').description).toContain('warehouse_tables_refresh_schema')
  expect(named('warehouse_tables_refresh_schema').description).toContain('external_data_sources_reload')
  expect(named('warehouse_tables_update').description).toContain('warehouse_tables_update_schema')
  for (const tool of [
    'external_data_sources_create',
    'external_data_sources_reload',
    'warehouse_saved_queries_materialize',
    'warehouse_saved_queries_run',
    'warehouse_saved_queries_update',
  ])
    expect(named(tool).description, tool).toContain('billable')
})
