import { z } from 'zod'
import { operation } from '../src/operation.ts'
import { pipelineStatistics } from './data-warehouse-statistics.ts'
import { boolean, object, present, string } from './fields.ts'
import { passwordLoss, warehouseLoss } from './losses.ts'

const toolset = 'data_warehouse'
const both = ['environments', 'projects'] as const
const environments = ['environments'] as const

// Upstream asks for the view scope and, on top of it, for an organization admin (fact sheet: managed 0).
const write = {
  toolset,
  openWorld: false,
  keys: 'allowed',
  tier: 'write',
  scopes: ['warehouse_view:write'],
  check: 'data_warehouse_warehouse_status',
} as const
/** The status that a pending change would be read from is for browser sessions only. */
const statusInApp = 'PostHog keeps that status from API keys; the app shows it under Data warehouse.'
// No scope is declared for it upstream, so even a key with all scopes is refused (fact sheet: managed 0).
const sessionRead = {
  toolset,
  effect: 'read',
  tier: 'read',
  idempotent: true,
  openWorld: false,
  scopes: [],
  keys: 'refused',
} as const

const isLabel = (name: string): boolean => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name)
// Refinements, not patterns: the words below say it to a model in fewer tokens.
const databaseName = z
  .string()
  .refine((name) => name.length >= 3 && name.length <= 63, 'Warehouse name must be 3-63 characters')
  .refine(
    isLabel,
    'Warehouse name must be a DNS label: lowercase letters, numbers, and hyphens, starting and ending with a letter or number',
  )
  // Upstream refuses a digit in front in the words above, which allow it (fact sheet: managed 1.1).
  .refine((name) => !/^[0-9]/.test(name), 'Warehouse name must start with a letter')
  .describe('a-z 0-9 -')
const tableName = z
  .string()
  .refine((name) => name !== '', 'table_name is required')
  .refine((name) => name.length <= 63, 'Table name must be at most 63 characters')
  .refine((name) => /^[a-z0-9_]*$/.test(name), 'Table name must use only lowercase letters, numbers, and underscores')
  .describe('a-z 0-9 _')
const noInput = z.strictObject({})

const checkDatabaseName = operation({
  name: 'data_warehouse_check_database_name',
  ...sessionRead,
  title: 'Check a warehouse name',
  description:
    'Whether a managed-warehouse name is free. Reserves nothing; your own old name reads as taken, yet can be used again.',
  method: 'GET',
  path: 'data_warehouse/check-database-name/',
  documented: both,
  instead:
    "Only PostHog's control plane knows which names are taken. data_warehouse_provision refuses one that is, and then changes nothing; in the PostHog app it is under Data warehouse.",
  input: z.strictObject({ name: databaseName }),
  reply: { kind: 'object', fields: z.looseObject({ name: string, available: boolean }) },
  names: { database_name: 'name' },
})

const warehouseStatus = operation({
  name: 'data_warehouse_warehouse_status',
  // Upstream may repair the stored name of its bucket on the way, which no caller can see: still a read.
  ...sessionRead,
  title: 'Managed warehouse status',
  description:
    "State of the organization's managed warehouse; host and user once ready; whether this project's events are copied.",
  method: 'GET',
  path: 'data_warehouse/warehouse_status/',
  documented: environments,
  instead: "Only PostHog's control plane knows it: the PostHog app shows it under Data warehouse.",
  input: noInput,
  reply: {
    kind: 'object',
    fields: z.looseObject({
      state: string,
      status_message: string,
      connection: object,
      has_backfill: boolean,
      table_suffix: string,
    }),
  },
  deviations: [
    'Only state tells the truth: ready_at stays while the warehouse is deleted. A 404 means that there is none.',
    'state can be resharding too.',
  ],
})

const provision = operation({
  name: 'data_warehouse_provision',
  ...write,
  title: 'Create the managed warehouse',
  description:
    'Creates the managed warehouse of the whole organization and copies the events of this project to events_<table_name>. The password is shown once. Organization admins only.',
  method: 'POST',
  path: 'data_warehouse/provision/',
  documented: environments,
  effect: 'write',
  // A second call is refused while the first one lives, and after a failure makes another password.
  idempotent: false,
  input: z.strictObject({ database_name: databaseName, table_name: tableName }),
  // Newer PostHog reads schema_name, older table_name; each ignores the other (fact sheet: managed 6.30).
  body: ({ database_name, table_name }) => ({ database_name, table_name, schema_name: table_name }),
  reply: { kind: 'object', fields: z.looseObject({ status: string, org: string, username: string, password: string }) },
  reveals: ['password'],
  ifLost: 'data_warehouse_reset_password makes another one when the warehouse is ready',
  checkNote: `${statusInApp} A lost reply takes the password with it: data_warehouse_reset_password makes another one when the warehouse is ready.`,
  names: { schema_name: 'table_name' },
  deviations: [
    'schema_name is sent with the value of table_name, for newer PostHog.',
    'A project that has a suffix from an earlier life keeps it, although the reply is 202.',
    'The database to connect to is always ducklake; database_name is the first label of the host.',
  ],
})

const enableBackfill = operation({
  name: 'data_warehouse_enable_backfill',
  ...write,
  title: 'Copy a project to the warehouse',
  description:
    "Starts copying this project's events and persons to the managed warehouse as events_<table_name>. The name cannot be changed later. Organization admins only.",
  method: 'POST',
  path: 'data_warehouse/enable_backfill/',
  documented: both,
  effect: 'write',
  idempotent: true,
  input: z.strictObject({ table_name: tableName }),
  successor: { path: 'data_warehouse/onboard-team/', body: ({ table_name }) => ({ schema_name: table_name }) },
  reply: {
    kind: 'object',
    fields: z.looseObject({ enabled: boolean, table_suffix: string }),
    // The successor's words for the same two.
    from: ({ onboarded, schema_name, ...rest }) => present({ enabled: onboarded, table_suffix: schema_name, ...rest }),
  },
  checkNote: `${statusInApp} Calling again with the same table_name is harmless.`,
  names: { schema_name: 'table_name' },
  deviations: [
    'Newer PostHog has data_warehouse/onboard-team instead, with schema_name; it is called when this route is gone.',
    'Answers 200 even while the warehouse itself is failed or deleted.',
  ],
})

const deprovision = operation({
  name: 'data_warehouse_deprovision',
  ...write,
  title: 'Destroy the managed warehouse',
  description:
    'Destroys the managed warehouse of the whole organization with all its data, for every project; there is no undo. Organization admins only.',
  method: 'POST',
  path: 'data_warehouse/deprovision/',
  documented: both,
  effect: 'destructive',
  loss: warehouseLoss,
  // The second call finds it being deleted and changes nothing (409).
  idempotent: true,
  input: noInput,
  body: () => undefined,
  reply: { kind: 'object', fields: z.looseObject({ status: string, org: string, warning: string }) },
  checkNote: statusInApp,
  deviations: ['A warehouse that is still pending cannot be destroyed. The name is not freed.'],
})

const resetPassword = operation({
  name: 'data_warehouse_reset_password',
  ...write,
  title: 'Reset the root password',
  description:
    'Makes a new root password for the managed warehouse, which PostHog shows once. The old one fails at once, for everything that uses it. Organization admins only.',
  method: 'POST',
  path: 'data_warehouse/reset-password/',
  documented: environments,
  // Whatever still connects with the old password is cut off.
  effect: 'destructive',
  loss: passwordLoss,
  idempotent: false,
  input: noInput,
  body: () => undefined,
  reply: { kind: 'object', fields: z.looseObject({ username: string, password: string }) },
  reveals: ['password'],
  ifLost: 'The old password does not work any more: call data_warehouse_reset_password again for another one',
  checkNote:
    'It does not tell which password holds. If the reply was lost, try the old password; if it fails, reset again.',
})

/** The managed warehouse, and statistics of syncs and view runs (fact sheet: managed 1 and 2). */
export const dataWarehouse = [
  checkDatabaseName,
  warehouseStatus,
  provision,
  enableBackfill,
  deprovision,
  resetPassword,
  ...pipelineStatistics,
]
