import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { externalDataSourceActions } from './external-data-source-actions.ts'
import { changesSomething, id, nothingToChange, number, paging, present, string, text } from './fields.ts'
import { sourceLoss } from './losses.ts'
import {
  accessMethod,
  badPrefix,
  columnsElsewhere,
  connection,
  hasGoodPrefix,
  source,
  sourceType,
  syncedTable,
  toSchemaChoice,
  toSourceRow,
  WIZARD,
  withoutColumnLists,
} from './source-parts.ts'

const base = { toolset: 'external_data_sources', documented: ['environments'], keys: 'allowed' } as const
const read = {
  ...base,
  effect: 'read',
  tier: 'read',
  idempotent: true,
  openWorld: false,
  scopes: ['external_data_source:read'],
} as const
const write = { ...base, tier: 'write', scopes: ['external_data_source:write'] } as const
const ofSource = z.strictObject({ id })
const dead = 'A write-only leftover: storing it does nothing.'

const list = operation({
  name: 'external_data_sources_list',
  ...read,
  title: 'List sources',
  description:
    'Lists connected sources (databases, SaaS) with sync status and error. Their tables: external_data_sources_get.',
  method: 'GET',
  path: 'external_data_sources/',
  input: z.strictObject({ search: z.string().optional().describe('in type or prefix'), ...paging }),
  reply: {
    kind: 'list',
    at: 'results',
    paging: 'offset',
    limit: 50,
    row: z.looseObject({
      id: string,
      source_type: string,
      prefix: string,
      status: string,
      latest_error: string,
      last_run_at: string,
      tables: number,
      enabled_tables: number,
    }),
    from: toSourceRow,
  },
  deviations: [
    'schemas is condensed to tables and enabled_tables.',
    'A source without enabled tables may read Running for ever.',
  ],
})

const create = operation({
  name: 'external_data_sources_create',
  ...write,
  title: 'Connect a source',
  description:
    'Connects a database or SaaS and starts the first billable sync at once. Tables to choose from: external_data_sources_database_schema. Then external_data_sources_jobs.',
  method: 'POST',
  path: 'external_data_sources/',
  effect: 'write',
  idempotent: false,
  // PostHog logs in to the source while it answers.
  openWorld: true,
  input: z
    .strictObject({
      source_type: sourceType,
      payload: connection,
      schemas: z.array(syncedTable).min(1).optional().describe('tables to sync'),
      all_tables: z.boolean().optional().describe('instead of schemas; bills every table'),
      prefix: z.string().optional().describe('of table names, for life; a direct source: its name'),
      description: z.string().optional(),
      access_method: accessMethod.optional().describe('direct: live, no sync'),
      direct_query_enabled: z.boolean().optional(),
      destination_ids: z.array(id).min(1).optional(),
    })
    .refine(({ payload }) => !('schemas' in payload), {
      path: ['payload'],
      message: 'must not hold schemas: choose the tables in the input schemas',
    })
    // Upstream enables and bills every table when none is named, so the choice is asked for.
    .refine(({ schemas, all_tables }) => (schemas === undefined) === (all_tables === true), {
      path: ['schemas'],
      message:
        'choose either the tables to sync (external_data_sources_database_schema lists them), or all_tables: true, which bills every one',
    })
    .refine(hasGoodPrefix, badPrefix),
  body: ({ payload, schemas, all_tables: _all, ...rest }) => ({
    ...present(rest),
    payload: schemas === undefined ? payload : { ...payload, schemas: schemas.map(toSchemaChoice) },
    created_via: 'mcp',
  }),
  reply: { kind: 'object', fields: z.looseObject({ id: string }) },
  creates: 'the source',
  deadline: 'long',
  secrets: ['payload.*'],
  secretsGo: { type: 'source_type', settings: 'payload', wizard: WIZARD },
  check: 'external_data_sources_list',
  leftOut: {
    client_secret: dead,
    account_id: dead,
    job_inputs: 'Not read by a create: connection keys go into payload.',
    created_via: 'Always sent as mcp.',
  },
  deviations: [
    'The real body is source_type and payload; schemas is sent inside payload.',
    'A named table syncs unless should_sync is false (upstream: only if true).',
    'The reply is only the id. Every table starts at 6 hours between syncs.',
  ],
})

const get = operation({
  name: 'external_data_sources_get',
  ...read,
  title: 'Get a source',
  description: 'One source: connection settings without secrets, and the sync state of each of its tables.',
  method: 'GET',
  path: 'external_data_sources/{id}/',
  input: ofSource,
  reply: { kind: 'object', fields: source, from: withoutColumnLists },
  deviations: [columnsElsewhere, 'job_inputs comes back without its secrets.'],
})

const update = operation({
  name: 'external_data_sources_update',
  ...write,
  title: 'Update a source',
  description:
    'Changes connection settings or description of a source; starts no sync. job_inputs is merged: secrets not sent are kept, except that a new host needs them again.',
  method: 'PATCH',
  path: 'external_data_sources/{id}/',
  effect: 'write',
  idempotent: true,
  // Changed settings are tried out against the source.
  openWorld: true,
  input: z
    .strictObject({
      id,
      description: z.string().optional(),
      job_inputs: z.record(z.string(), z.unknown()).optional(),
      prefix: text.optional().describe('direct sources only'),
      direct_query_enabled: z.boolean().optional(),
      auto_sync_new_schemas: z.boolean().optional().describe('billable'),
      auto_sync_schema_patterns: z.array(text).optional(),
    })
    .refine(changesSomething, nothingToChange),
  guard: {
    of: 'object',
    path: 'external_data_sources/{id}/',
    when: ({ prefix }) => prefix !== undefined,
    // Upstream answers 200 and leaves the prefix as it is (fact sheet: sources 2.4).
    refuse: ({ access_method }) =>
      access_method === 'direct'
        ? undefined
        : 'The prefix of a synced source cannot be changed. Leave prefix out; for another prefix connect the source anew with external_data_sources_create.',
  },
  reply: { kind: 'object', fields: source, from: withoutColumnLists },
  deadline: 'long',
  secrets: ['job_inputs.*'],
  secretsGo: { stored: 'external_data_sources/{id}/', type: 'source_type', settings: 'job_inputs', wizard: WIZARD },
  check: 'external_data_sources_get',
  leftOut: {
    client_secret: dead,
    account_id: dead,
    access_method: 'Cannot be changed after the create.',
    schemas: 'Ignored upstream: tables are set at create, or in the PostHog app.',
  },
  deviations: [
    columnsElsewhere,
    'Every update checks the stored settings again, so even a description can fail with Invalid source config.',
  ],
})

const remove = operation({
  name: 'external_data_sources_delete',
  ...write,
  title: 'Delete a source',
  description:
    'Deletes a source with all its synced tables, rows and schedules; there is no undo. Nothing is deleted at the source. Views on its tables break.',
  method: 'DELETE',
  path: 'external_data_sources/{id}/',
  effect: 'destructive',
  loss: sourceLoss,
  idempotent: true,
  // Webhooks at the vendor and a database's replication slot are removed too.
  openWorld: true,
  input: ofSource,
  reply: {
    kind: 'done',
    says: () =>
      'PostHog deleted the source, its tables and their schedules, and stops a sync under way. Clean-up in storage and at the vendor goes on behind it; its failures are not reported.',
  },
  check: 'external_data_sources_get',
})

/** Databases and SaaS that PostHog copies from or queries live (fact sheet: sources 2). */
export const externalDataSources = [list, create, get, update, remove, ...externalDataSourceActions]
