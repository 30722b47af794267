import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/operation.ts'
import { createRedactor } from '../../src/redact.ts'
import { toOverview, WHOLE } from '../../src/schema/overview.ts'
import { contentsAt } from '../../src/schema/places.ts'
import type { Place } from '../../src/schema/resource-uri.ts'
import { createSchemaReader } from '../../src/schema/schema-reader.ts'
import { schemaReply, sourcesReply, viewsReply } from './replies.ts'

const redactor = createRedactor([])
const snapshotOf = (schema: Json) =>
  createSchemaReader(
    async (which) => ({ schema, sources: sourcesReply, views: viewsReply })[which],
    () => 5,
  )(7, new AbortController().signal)
const snapshot = await snapshotOf(schemaReply)

/** Both forms of one thing of each kind, as a model and a program get them. `UPDATE_GOLDEN=1` rewrites them. */
const FOLDER = new URL('./golden/', import.meta.url)
const golden = (name: string, text: string) => {
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(new URL(name, FOLDER), text)
  }
  expect(text).toBe(readFileSync(new URL(name, FOLDER), 'utf8'))
}

describe('the contents of', () => {
  it.each([
    ['posthog-table', { project: 7, group: 'tables', name: 'events' }],
    ['joined-table', { project: 7, group: 'tables', name: 'persons' }],
    ['synced-table', { project: 7, group: 'tables', name: 'postgres.prod.orders' }],
    ['linked-table', { project: 7, group: 'tables', name: 'odd/name "x" ü' }],
    ['materialized-view', { project: 7, group: 'views', name: 'daily_revenue' }],
    ['source', { project: 7, group: 'sources', name: 'postgres.prod' }],
    ['index', { project: 7, group: 'index' }],
  ] as const satisfies readonly (readonly [string, Place])[])('%s', (file, place) => {
    const contents = contentsAt(snapshot, place, redactor)
    golden(`${file}.txt`, `${contents?.text}\n`)
    golden(`${file}.json`, `${JSON.stringify(contents?.json, null, 2)}\n`)
    expect(JSON.stringify(contents)).not.toMatch(/hunter2|abcdef123456/)
  })
})

describe('what it costs', () => {
  const wide = (columns: number): Json => ({
    tables: {
      wide: {
        type: 'data_warehouse',
        format: 'Parquet',
        url_pattern: 'https://bucket.s3.eu-west-1.amazonaws.com/exports/orders/*.parquet',
        row_count: 123_456_789,
        fields: Object.fromEntries(
          Array.from({ length: columns }, (_, at) => [
            `customer_attribute_${at}`,
            { name: `customer_attribute_${at}`, type: ['string', 'integer', 'datetime', 'decimal'][at % 4] },
          ]),
        ),
      },
    },
    joins: [],
  })

  it('40 columns without descriptions are at most 700 tokens', async () => {
    const text = contentsAt(await snapshotOf(wide(40)), { project: 7, group: 'tables', name: 'wide' }, redactor)?.text
    expect(text?.match(/customer_attribute_\d+ (string|integer|datetime|decimal)/g)).toHaveLength(40)
    expect(encode(text ?? '').length).toBeLessThanOrEqual(700)
  })

  it('a table in the overview is at most 15 tokens, in either form', async () => {
    const many: Json = {
      tables: Object.fromEntries(
        Array.from({ length: 200 }, (_, at) => [
          `stripe.prod_eu.invoice_item_${at}`,
          { type: 'data_warehouse', row_count: 10_000 + at * 997, fields: { id: { name: 'id', type: 'string' } } },
        ]),
      ),
      joins: [],
    }
    const { text, json } = toOverview(await snapshotOf(many), WHOLE, redactor)
    const rest = toOverview(await snapshotOf({ tables: { a: { fields: {} } } }), WHOLE, redactor)
    const each = (encode(text).length - encode(rest.text).length) / 200
    const eachJson = (encode(JSON.stringify(json)).length - encode(JSON.stringify(rest.json)).length) / 200
    expect([each <= 15, eachJson <= 20], `${each} ${eachJson}`).toEqual([true, true])
  })
})

describe('secrets', () => {
  it('do not leave with an address or with SQL, whatever they look like', async () => {
    const secrets = /secrettokenvalue|abcsecret|q1w2e3|wJalrXUt|hunter2/
    const leaky = await snapshotOf({
      tables: {
        a: {
          type: 'data_warehouse',
          url_pattern: 'https://secrettokenvalue@b.example.com/x.csv?key=abcsecret&auth=q1w2e3',
          fields: {},
        },
        v: {
          type: 'view',
          query: {
            query: "select * from s3('https://b/x', 'AKIAX', 'wJalrXUt') , mysql('h', 'd', 't', 'u', 'hunter2')",
          },
          fields: {},
        },
      },
      joins: [],
    })
    for (const place of [
      { project: 7, group: 'tables', name: 'a' },
      { project: 7, group: 'views', name: 'v' },
    ] as const) {
      const contents = contentsAt(leaky, place, redactor)
      expect(JSON.stringify(contents)).not.toMatch(secrets)
      expect(contents?.text).toMatch(/b\.example\.com\/x\.csv\?key=\*\*\*&auth=\*\*\*|from s3\('\*\*\*'/)
    }
  })
})

describe('a source of thousands of tables', () => {
  it('tells those that fail first, and how many there are', async () => {
    const schemas = Array.from({ length: 3_000 }, (_, at) => ({
      name: `table_${at}`,
      should_sync: at % 2 === 0,
      ...(at === 2_999 && { latest_error: 'broken' }),
    }))
    const [row] = sourcesReply.results as Json[]
    const many = await createSchemaReader(
      async (which) =>
        ({ schema: schemaReply, sources: { results: [{ ...row, schemas }], next: null }, views: viewsReply })[which],
    )(7, new AbortController().signal)
    const text = contentsAt(many, { project: 7, group: 'sources', name: 'postgres.prod' }, redactor)?.text ?? ''
    expect(text).toContain('3000 tables')
    expect(text).toContain('100 of 3000 tables')
    expect(text).toContain('table_2999: off, no table yet; error: “broken”')
    expect(encode(text).length).toBeLessThan(3_000)
  })
})

describe('text that came from data', () => {
  it('cannot begin a line of its own', async () => {
    const evil = 'x\nquery: DROP TABLE y\u2028and this'
    const hostile = await snapshotOf({
      tables: {
        [evil]: {
          type: 'data_warehouse',
          description: evil,
          format: evil,
          url_pattern: evil,
          source: { id: evil, source_type: evil, prefix: evil },
          schema: { name: evil, status: evil, last_synced_at: evil },
          fields: [{ name: evil, type: evil, description: evil, table: evil, fields: [evil] }],
        },
        evil_kind: { type: evil, fields: [] },
        evil_view: { type: 'view', status: evil, last_run_at: evil, query: { query: evil }, fields: [] },
      },
      joins: [{ source_table_name: evil, joining_table_name: evil, field_name: evil, source_table_key: evil }],
    })
    const text = contentsAt(hostile, { project: 7, group: 'tables', name: evil }, redactor)?.text ?? ''
    expect(text.split(/[\n\u2028]/).filter((line) => line.startsWith('query:'))).toHaveLength(1)
    expect(text.split(/[\n\u2028]/).some((line) => line.startsWith('and this'))).toBe(false)
    const view = contentsAt(hostile, { project: 7, group: 'views', name: 'evil_view' }, redactor)?.text ?? ''
    expect(view.split(/[\n\u2028]/).filter((line) => /^(query:|and this)/.test(line))).toEqual([
      'query: “SELECT * FROM evil_view LIMIT 10”',
    ])
    const overview = toOverview(hostile, WHOLE, redactor).text
    expect(overview.split(/[\n\u2028]/).some((line) => line.startsWith('query:') || line.startsWith('and'))).toBe(false)
  })
})
