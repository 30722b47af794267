import type { World } from '../world.ts'
import type { SourceTable } from './connector.ts'
import { discover } from './connectors.ts'
import type { Schedules } from './schedules.ts'
import { newSchema, toAvailable, withDefaults } from './schema-choices.ts'
import type { SchemaRecord, SourceRecord } from './source-state.ts'
import { schemasOf } from './source-status.ts'
import type { Syncs } from './syncs.ts'

/** What a discovery changed (fact sheet: external-data-sources 2.13, refresh_schemas). */
export interface Refreshed {
  readonly added: number
  readonly deleted: number
  readonly auto_enabled: number
  readonly total_tables_seen: number
}

/** Whether a name fits a pattern of `*` and `?`, case aside. A regular expression could take hours over one name. */
const matchesGlob = (glob: string, name: string): boolean => {
  let at = 0
  let step = 0
  // Where the last star stands, and how much of the name it has taken: only that one ever has to take more.
  let star = -1
  let taken = 0
  while (at < name.length) {
    if (glob[step] === '*') {
      star = step
      taken = at
      step += 1
    } else if (glob[step] === '?' || glob[step] === name[at]) {
      step += 1
      at += 1
    } else if (star >= 0) {
      taken += 1
      at = taken
      step = star + 1
    } else return false
  }
  return /^\**$/.test(glob.slice(step))
}

/** Whether a new table is to be synced at once: matched with and without its schema in front. */
const isWanted = (source: SourceRecord, name: string): boolean => {
  if (!source.autoSyncNewSchemas) return false
  const patterns = source.autoSyncSchemaPatterns
  if (patterns === null || patterns.length === 0) return true
  const whole = name.toLowerCase()
  const bare = whole.slice(whole.indexOf('.') + 1)
  return patterns.some((glob) => [whole, bare].some((text) => matchesGlob(glob.toLowerCase(), text)))
}

/** A table that is gone keeps its rows; one that never had any goes too. */
const retire = (syncs: Syncs, source: SourceRecord, schema: SchemaRecord): boolean => {
  syncs.stop(source, schema, 'Sync stopped because the table is gone from the source')
  const hadPurpose = schema.shouldSync || schema.lastSyncedAt !== null
  if (hadPurpose) Object.assign(schema, { shouldSync: false, status: 'Completed' })
  else schema.deleted = true
  return !hadPurpose
}

const adopt = (world: World, source: SourceRecord, table: SourceTable): SchemaRecord => {
  // A table that went and came back takes up its old settings, switched off.
  const old = world.store.state.schemas.findLast(
    (schema) => schema.sourceId === source.id && schema.name === table.name && schema.deleted,
  )
  if (old === undefined) {
    const schema = newSchema(world, source, table)
    world.store.state.schemas.push(schema)
    return schema
  }
  const none = { status: null, latestError: null, lastSyncedAt: null, cursor: null, tableId: null, builtAt: null }
  return Object.assign(old, { ...none, deleted: false, shouldSync: false, columns: toAvailable(table) })
}

/** Looks at a source again: new tables appear, vanished ones retire. Throws SourceError. */
export const refreshSource = async (
  world: World,
  syncs: Syncs,
  schedules: Schedules,
  source: SourceRecord,
  signal: AbortSignal,
): Promise<Refreshed> => {
  const tables = await discover(world, source.sourceType, source.inputs, signal)
  const known = schemasOf(world, source)
  const names = new Set(tables.map(({ name }) => name))
  const gone = known.filter(
    ({ name, shouldSync, status }) => !names.has(name) && (shouldSync || status !== 'Completed'),
  )
  const deleted = gone.filter((schema) => retire(syncs, source, schema)).length
  for (const schema of gone) schedules.update(source, schema)
  for (const schema of known) {
    const table = tables.find(({ name }) => name === schema.name)
    if (table !== undefined) schema.columns = toAvailable(table)
  }
  const fresh = tables.filter(({ name }) => !known.some((schema) => schema.name === name))
  const wanted = fresh.filter(({ name }) => isWanted(source, name))
  for (const table of fresh) {
    const schema = adopt(world, source, table)
    if (!wanted.includes(table)) continue
    Object.assign(schema, withDefaults(schema, table))
    schedules.update(source, schema)
    syncs.start(source, schema)
  }
  return { added: fresh.length, deleted, auto_enabled: wanted.length, total_tables_seen: tables.length }
}
