import { z } from 'zod'
import { operation, type Toolset } from '../src/operation.ts'
import { question } from '../src/question.ts'
import { look, number, object, projectInput, string, text } from './fields.ts'

const shared = {
  toolset: 'schema',
  effect: 'read',
  tier: 'read',
  idempotent: true,
  openWorld: false,
  scopes: ['query:read'],
} as const

const list = question({
  ...shared,
  name: 'schema_list',
  title: 'Overview of all tables',
  description:
    "Everything HogQL can read: PostHog's tables, warehouse tables, views; number of columns, rows, state. Start here. Columns: schema_describe.",
  answers: 'list',
  input: z.strictObject({
    search: text.optional().describe('words in the name'),
    kind: z.enum(['posthog', 'table', 'view']).optional(),
    source: text.optional().describe('name of a source'),
    limit: z.int().min(1).max(500).optional(),
    offset: z.int().min(0).optional(),
    ...projectInput,
  }),
  output: z.object({
    total: number,
    returned: number,
    more: z.boolean().optional(),
    next: object,
    sources: z.array(z.looseObject({ name: string, type: string })).optional(),
    tables: object,
  }),
})

const describe = question({
  ...shared,
  name: 'schema_describe',
  title: 'Describe tables',
  description:
    'Columns, types, origin, last sync or run, joins and dependents of tables, views or sources, by name. sample adds rows.',
  // A sample is read from the buckets of linked tables.
  openWorld: true,
  answers: 'describe',
  input: z.strictObject({
    names: z.array(text).min(1).max(20).describe('as in schema_list'),
    sample: z.int().min(1).max(20).optional().describe('rows of each table; costs a query each'),
    ...projectInput,
  }),
  output: z.object({
    described: z.array(z.looseObject({ name: string, kind: string, query: string })),
    unknown: z.array(z.looseObject({ name: string, nearest: z.array(z.string()).optional() })).optional(),
    samples: z.array(z.looseObject({ name: string })).optional(),
  }),
})

/** What schemas are read with. The list of views has what the schema lacks: errors and descriptions. */
export const schemaReads = {
  schema: operation({
    ...look,
    toolset: 'schema',
    name: 'schema',
    title: 'Schema of a project',
    description: 'Every table with its columns.',
    method: 'POST',
    path: 'query/',
    scopes: ['query:read'],
    input: z.strictObject({}),
    body: () => ({ query: { kind: 'DatabaseSchemaQuery' } }),
    large: true,
    deadline: 'long',
  }),
  sources: operation({
    ...look,
    toolset: 'schema',
    name: 'sources',
    title: 'Sources of a project',
    description: 'A page of sources with their tables.',
    method: 'GET',
    path: 'external_data_sources/',
    scopes: ['external_data_source:read'],
    input: z.strictObject({ limit: z.int(), offset: z.int() }),
    large: true,
  }),
  views: operation({
    ...look,
    toolset: 'schema',
    name: 'views',
    title: 'Views of a project',
    description: 'A page of views with their last runs.',
    method: 'GET',
    path: 'warehouse_saved_queries/',
    scopes: ['warehouse_view:read'],
    input: z.strictObject({ page: z.int().optional() }),
    large: true,
  }),
}

/** Questions about what there is. */
export const schemaQuestions = [list, describe]

/** The toolsets whose writes change which tables there are, or what they are. */
export const schemaToolsets: readonly Toolset[] = [
  'warehouse_tables',
  'external_data_sources',
  'warehouse_saved_queries',
  'data_warehouse',
]
