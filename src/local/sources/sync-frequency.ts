import { invalid } from '../errors.ts'
import type { SchemaRecord } from './source-state.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

/** Milliseconds by name (fact sheet: external-data-sources 7). */
const FREQUENCIES: ReadonlyMap<string, number> = new Map([
  ['5min', 5 * MINUTE],
  ['15min', 15 * MINUTE],
  ['30min', 30 * MINUTE],
  ['1hour', 60 * MINUTE],
  ['6hour', 360 * MINUTE],
  ['12hour', 720 * MINUTE],
  ['24hour', DAY],
  ['7day', 7 * DAY],
  ['30day', 30 * DAY],
])

/** What a new table gets. */
export const DEFAULT_FREQUENCY = '6hour'

/** Time between two discoveries of a source, in milliseconds. */
export const DISCOVERY_INTERVAL = 360 * MINUTE

/** Milliseconds of a stored frequency. */
export const intervalOf = (frequency: string): number => FREQUENCIES.get(frequency) ?? 360 * MINUTE

/** A `sync_frequency` from a request. Throws 400. */
export const readFrequency = (value: unknown): string => {
  if (value === 'never') {
    throw invalid(
      '"never" is not a sync frequency. To stop syncing this table, set should_sync to false.',
      'sync_frequency',
    )
  }
  if (typeof value === 'string' && FREQUENCIES.has(value)) return value
  throw invalid(
    `"${String(value)}" is not a valid sync frequency. The fastest sync frequency is 5 minutes.`,
    'sync_frequency',
  )
}

/** A `HH:MM:SS` of a day in UTC, or null. Throws 400. */
export const readTimeOfDay = (value: unknown): string | null => {
  if (value === null) return null
  const parts =
    typeof value === 'string' ? /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?:\.\d+)?$/.exec(value.trim()) : null
  if (parts === null) throw invalid('Invalid sync time of day')
  return `${(parts[1] ?? '').padStart(2, '0')}:${parts[2]}:${parts[3] ?? '00'}`
}

/** A stable place within the interval, so that the tables of a source do not all sync at once. */
const offsetOf = (id: string, interval: number): number => Number.parseInt(id.slice(0, 8), 16) % interval

/** The next time a table is due after `now`, both in milliseconds since the epoch. */
export const nextSync = (schema: Pick<SchemaRecord, 'id' | 'syncFrequency' | 'syncTimeOfDay'>, now: number): number => {
  const interval = intervalOf(schema.syncFrequency)
  const anchor =
    schema.syncTimeOfDay === null
      ? offsetOf(schema.id, interval)
      : Date.parse(`1970-01-01T${schema.syncTimeOfDay}Z`) % interval
  return anchor + (Math.floor((now - anchor) / interval) + 1) * interval
}

/** When a table is due to be built anew, if it ever is. */
export const nextFullRefresh = (schema: SchemaRecord): number | null => {
  if (schema.fullRefreshIntervalDays === null || schema.builtAt === null) return null
  const due = Date.parse(schema.builtAt) + schema.fullRefreshIntervalDays * DAY
  if (schema.fullRefreshTimeOfDay === null) return due
  return Date.parse(`${new Date(due).toISOString().slice(0, 10)}T${schema.fullRefreshTimeOfDay}Z`)
}
