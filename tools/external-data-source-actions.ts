import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { changesSomething, id, nothingToChange, number, paging, part, present, string, text } from './fields.ts'
import { revenueLoss } from './losses.ts'
import {
  accessMethod,
  badPrefix,
  columnsElsewhere,
  connection,
  connector,
  hasGoodPrefix,
  offeredTable,
  repeatedSource,
  source,
  sourceType,
  toConnector,
  toOfferedTable,
  WIZARD,
  withoutColumnLists,
} from './source-parts.ts'

// Older releases declare no scope for these actions and so refuse every API key (fact sheet: sources 0).
const base = { toolset: 'external_data_sources', documented: ['environments'], keys: 'newer' } as const
const reads = { ...base, effect: 'read', idempotent: true } as const
const read = { ...reads, tier: 'read', openWorld: false, scopes: ['external_data_source:read'] } as const
const writes = { tier: 'write', scopes: ['external_data_source:write'] } as const

const jobs = operation({
  name: 'external_data_sources_jobs',
  ...read,
  title: 'Syncs of a source',
  description: 'Sync runs of a source, newest first: status, rows, error, whether billed.',
  method: 'GET',
  path: 'external_data_sources/{id}/jobs/',
  instead: 'external_data_sources_get has status, last_synced_at and latest_error of every table of the source.',
  input: z.strictObject({
    id,
    after: text.optional().describe('ISO time'),
    before: text.optional(),
    schemas: z.array(text).optional().describe('table names'),
  }),
  reply: {
    kind: 'list',
    paging: 'before',
    limit: 50,
    row: z.looseObject({
      schema: string,
      status: string,
      rows_synced: number,
      latest_error: string,
      created_at: string,
      finished_at: string,
      billable: z.boolean().optional(),
    }),
    // An absent `billable` means that the run is billed.
    from: (row) => ({ ...row, schema: part(row.schema).name, billable: row.billable ?? true }),
  },
  deviations: [
    'A bare array of at most 50 runs; after, before and schemas are undocumented.',
    'latest_error is not masked upstream, so it is scrubbed here. Direct sources have no runs.',
  ],
})

const reload = operation({
  name: 'external_data_sources_reload',
  ...base,
  ...writes,
  title: 'Sync a source now',
  description:
    'Fetches new rows now for all enabled tables of a source; billable. Not for columns of a linked file: warehouse_tables_refresh_schema. Follow with external_data_sources_jobs.',
  method: 'POST',
  path: 'external_data_sources/{id}/reload/',
  effect: 'write',
  // Every further call is another billable run.
  idempotent: false,
  openWorld: true,
  instead: 'Start the sync on the page of the source in the PostHog app.',
  input: z.strictObject({ id }),
  body: () => undefined,
  reply: {
    kind: 'object',
    fields: z.looseObject({ total_tables_seen: number }),
    empty: () =>
      'PostHog started a sync of every enabled table. status may read Completed a little longer: external_data_sources_jobs shows the runs.',
  },
  check: 'external_data_sources_jobs',
  leftOut: repeatedSource,
  deviations: ['A direct source has no rows to fetch: its list of tables is read again, and there is a body.'],
})

const revenue = operation({
  name: 'external_data_sources_revenue_analytics_config',
  ...base,
  ...writes,
  title: 'Set revenue analytics',
  description:
    'Switches revenue analytics of a source on or off. Off drops the revenue views of the whole project, not only of this source.',
  method: 'PATCH',
  path: 'external_data_sources/{id}/revenue_analytics_config/',
  // Disabling one source deletes the managed views of all of them (fact sheet: sources 2.8).
  effect: 'destructive',
  loss: revenueLoss,
  destructiveWhen: { says: 'enabled is false', is: ({ enabled }) => enabled === false },
  idempotent: true,
  openWorld: false,
  instead: 'Change it in the revenue analytics settings of the PostHog app.',
  input: z
    .strictObject({ id, enabled: z.boolean().optional(), include_invoiceless_charges: z.boolean().optional() })
    .refine(changesSomething, nothingToChange),
  reply: { kind: 'object', fields: source, from: withoutColumnLists },
  check: 'external_data_sources_get',
  leftOut: repeatedSource,
  deviations: ['The real body is enabled and include_invoiceless_charges.', columnsElsewhere],
})

const databaseSchema = operation({
  name: 'external_data_sources_database_schema',
  ...reads,
  // It changes nothing, but it sends the credentials to a host of the caller's choosing, and upstream wants
  // the write scope for it.
  ...writes,
  title: 'Look into a source',
  description:
    'Connects with the given credentials and lists tables, columns and possible sync types; stores nothing. Call before external_data_sources_create.',
  method: 'POST',
  path: 'external_data_sources/database_schema/',
  openWorld: true,
  instead: 'The tables are shown when a source is added in the PostHog app.',
  input: z.strictObject({
    source_type: sourceType,
    payload: connection,
    access_method: accessMethod.optional(),
    ...paging,
  }),
  // Flat, unlike a create; the named inputs win over a payload that repeats them.
  body: ({ source_type, payload, access_method }) => ({ ...payload, ...present({ source_type, access_method }) }),
  reply: { kind: 'list', paging: 'whole', limit: 50, row: offeredTable, from: toOfferedTable },
  deadline: 'long',
  secrets: ['payload.*'],
  secretsGo: { type: 'source_type', settings: 'payload', wizard: WIZARD },
  leftOut: repeatedSource,
  deviations: [
    'The real body is source_type and the connection keys, flat; payload is spread into it.',
    'Rows are condensed: sync_types for the *_available flags, columns as "name type".',
  ],
})

const sourcePrefix = operation({
  name: 'external_data_sources_source_prefix',
  ...reads,
  // Only looks, yet upstream wants the write scope for it (fact sheet: sources 1.2).
  ...writes,
  title: 'Check a prefix',
  description: 'Whether a table prefix (or none) is free for a new source of a type. Reserves nothing.',
  method: 'POST',
  path: 'external_data_sources/source_prefix/',
  openWorld: false,
  instead: 'external_data_sources_list shows the types and prefixes in use.',
  input: z
    .strictObject({ source_type: sourceType, prefix: z.string().optional(), access_method: accessMethod.optional() })
    .refine(hasGoodPrefix, badPrefix),
  reply: {
    kind: 'done',
    says: ({ source_type, prefix }) =>
      `${prefix ? `The prefix ${prefix}` : 'No prefix'} is free for a new ${source_type} source. external_data_sources_create makes one.`,
  },
  leftOut: repeatedSource,
  deviations: [
    'The real body is source_type, prefix and access_method; without source_type upstream answers 500.',
    'Upstream does not look at the form of the prefix here; it is checked before the call.',
  ],
})

const wizard = operation({
  name: 'external_data_sources_wizard',
  ...read,
  title: 'How to connect a type',
  description: 'Which keys a source type needs in payload, and which are secret. Connects nothing.',
  method: 'GET',
  path: 'external_data_sources/wizard/',
  instead: 'The page of the source below posthog.com/docs/cdp/sources names its connection keys.',
  hint: 'source_type is case-sensitive and spelt as in posthog.com/docs/cdp/sources: Postgres, MySQL, Github, BigQuery. It cannot be left out here',
  input: z.strictObject({
    // Required: the unfiltered reply is more than 1 MB.
    source_type: text.describe('Postgres,Stripe'),
  }),
  reply: {
    kind: 'list',
    paging: 'none',
    limit: 20,
    rows: (body) => Object.values(part(body)),
    row: connector,
    from: toConnector,
  },
  deviations: [
    'source_type is required here. The map by type becomes a list; icons, labels and versions are left out.',
  ],
})

/** What can be done with sources beyond keeping them (fact sheet: sources 2.6 to 2.11). */
export const externalDataSourceActions = [jobs, reload, revenue, databaseSchema, sourcePrefix, wizard]
