import type { Loss } from '../src/loss.ts'
import type { Json } from '../src/operation.ts'
import { part, rowsOf } from './fields.ts'

/** Text of a reply, if it is there. */
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const size = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined)

/** How a table is called, what it is, and what reads it. */
const ofTable = ({ table = {} }: Readonly<Record<string, Json | undefined>>) => ({
  name: text(table.name) ?? 'this table',
  id: text(table.id),
  facts: {
    format: text(table.format),
    files: text(table.url_pattern),
    columns: size(table.columns),
    source: text(part(table.external_data_source).source_type),
    created: text(table.created_at),
  },
  inSchema: { id: table.id, name: table.name },
})

const table = { table: { path: 'warehouse_tables/{id}/' } } as const

export const tableLoss: Loss = {
  looks: table,
  of: ofTable,
  says: 'Deletes the table and the joins on its name; views that read it break. Files in your own bucket stay.',
  undo: 'It cannot be undone.',
  weight: 'name',
  unasked: 'refuse',
}

export const columnTypesLoss: Loss = {
  looks: table,
  of: ofTable,
  says: 'Reads the columns from the files again; column types that were set by hand are lost.',
  undo: 'They can be set by hand again.',
  weight: 'tick',
  unasked: 'preview',
}

/** The table that an upload of this name takes the place of. */
export const replacedTableLoss: Loss = {
  looks: { tables: { path: 'warehouse_tables/', query: ({ name }) => ({ search: String(name), limit: '100' }) } },
  of: ({ tables = {} }, { name }) => {
    const known = rowsOf(tables).find((row) => row.name === name)
    const lost = ofTable({ table: known })
    return {
      ...lost,
      name: String(name),
      facts: {
        ...lost.facts,
        'a table of this name': known === undefined ? { ours: 'was not found' } : { ours: 'is overwritten' },
      },
    }
  },
  says: 'Overwrites all rows of the table of this name with those of the file.',
  undo: 'It cannot be undone.',
  weight: 'name',
  unasked: 'preview',
}

const ofView = ({ view = {} }: Readonly<Record<string, Json | undefined>>) => ({
  name: text(view.name) ?? 'this view',
  id: text(view.id),
  facts: {
    materialized: view.is_materialized === true ? 'yes' : 'no',
    'runs every': text(view.sync_frequency),
    SQL: text(part(view.query).query),
  },
  passing: { 'last run': text(view.last_run_at) },
  inSchema: { id: view.id, name: view.name },
})

const view = { view: { path: 'warehouse_saved_queries/{id}/' } } as const

export const viewLoss: Loss = {
  looks: view,
  of: ofView,
  says: 'Deletes the view with its stored rows, its schedule and its joins; views that read it break.',
  undo: 'It cannot be undone; its SQL can be saved as a new view.',
  weight: 'name',
  unasked: 'preview',
}

export const materializationLoss: Loss = {
  looks: view,
  of: ofView,
  says: 'Drops the stored rows and the schedule; the view stays and gets slower.',
  undo: 'Materialize it again; its rows are then computed anew.',
  weight: 'tick',
  unasked: 'preview',
}

const ofSource = ({ source = {} }: Readonly<Record<string, Json | undefined>>) => {
  const schemas = rowsOf(source, 'schemas')
  const name = [text(source.prefix), text(source.source_type)].filter((word) => word !== undefined).join(' ')
  return {
    name: name === '' ? 'this source' : name,
    id: text(source.id),
    facts: {
      type: text(source.source_type),
      'tables chosen': schemas.filter(({ should_sync }) => should_sync === true).map((row) => String(row.name)),
    },
    passing: { status: text(source.status) },
    inSchema: { source: source.id },
  }
}

const source = { source: { path: 'external_data_sources/{id}/' } } as const

export const sourceLoss: Loss = {
  looks: source,
  of: ofSource,
  says: 'Deletes the source with all its synced tables, their rows and schedules; views on them break. Nothing is deleted at the source itself.',
  undo: 'It cannot be undone; a new source starts from nothing.',
  weight: 'name',
  unasked: 'refuse',
}

export const revenueLoss: Loss = {
  looks: source,
  of: ofSource,
  says: 'Drops the revenue views of the whole project, not only of this source.',
  undo: 'Switch it on again; the views are then computed anew.',
  weight: 'tick',
  unasked: 'preview',
}

/** API keys are refused that status (fact sheet: managed 1.4). */
const warehouse = { status: { path: 'data_warehouse/warehouse_status/', optional: true } } as const

const ofWarehouse = ({ status = {} }: Readonly<Record<string, Json | undefined>>) => {
  const { host, username } = part(status.connection)
  return {
    name: text(host)?.split('.')[0] ?? 'managed warehouse',
    id: text(status.org_id),
    facts: { host: text(host), user: text(username), since: text(status.ready_at) },
    passing: { state: text(status.state) ?? { ours: 'not known (PostHog keeps it from API keys)' } },
  }
}

export const warehouseLoss: Loss = {
  looks: warehouse,
  of: ofWarehouse,
  says: 'Destroys the managed warehouse of the whole organization with all its data, for every project.',
  undo: 'It cannot be undone, and its name is not freed for others.',
  weight: 'name',
  unasked: 'refuse',
}

export const passwordLoss: Loss = {
  looks: warehouse,
  of: ofWarehouse,
  says: 'Makes a new root password; everything that connects with the old one is cut off at once.',
  undo: 'The old password cannot be brought back.',
  weight: 'name',
  unasked: 'refuse',
}

export const entryLoss: Loss = {
  looks: {
    entry: { path: 'file_system/{id}/' },
    // Only folders have anything below (fact sheet: managed 4.6).
    below: { path: 'file_system/{id}/count/', method: 'POST', optional: true },
  },
  of: ({ entry = {}, below }) => ({
    name: text(entry.path) ?? 'this entry',
    id: text(entry.id),
    facts: {
      type: text(entry.type),
      'points to': text(entry.ref),
      shortcut: entry.shortcut === true ? { ours: 'yes, only the entry goes' } : undefined,
      'entries below it': typeof below?.count === 'number' ? below.count : undefined,
      'some of them': below === undefined ? undefined : rowsOf(below, 'entries').map((row) => String(row.path)),
    },
  }),
  says: 'Deletes the entry and the dashboard, insight or flag that only it points to; of a folder, everything below it.',
  undo: 'What PostHog deletes softly can be restored; its answer says which.',
  weight: 'name',
  unasked: 'preview',
}
