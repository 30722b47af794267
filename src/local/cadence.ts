import { invalid } from './errors.ts'
import { notChoice } from './fields.ts'
import { ancestorsOf, descendantsOf } from './lineage.ts'
import type { ViewRecord } from './state.ts'
import { viewsOf, type World } from './world.ts'

interface Cadence {
  readonly minutes: number
  readonly label: string
}

// Fact sheet: tables 3.1 sync_frequency.
const CADENCES: ReadonlyMap<string, Cadence> = new Map([
  ['15min', { minutes: 15, label: '15 minutes' }],
  ['30min', { minutes: 30, label: '30 minutes' }],
  ['1hour', { minutes: 60, label: '1 hour' }],
  ['6hour', { minutes: 360, label: '6 hours' }],
  ['12hour', { minutes: 720, label: '12 hours' }],
  ['24hour', { minutes: 1440, label: '24 hours' }],
  ['7day', { minutes: 10_080, label: '7 days' }],
  ['30day', { minutes: 43_200, label: '30 days' }],
])

/** The fastest cadence there is; faster words of older releases mean this one. */
const FASTEST = '15min'

/** A `sync_frequency` from a request: a cadence, or null for `never` and null. Throws 400 `invalid_choice`. */
export const readCadence = (value: unknown): string | null => {
  if (value === null || value === 'never') return null
  if (value === '1min' || value === '5min') return FASTEST
  if (typeof value !== 'string' || !CADENCES.has(value)) throw notChoice(value, 'sync_frequency')
  return value
}

interface Bound {
  readonly view: ViewRecord
  readonly cadence: Cadence
}

const minutesOf = (cadence: string): number => CADENCES.get(cadence)?.minutes ?? 0

const bound = (
  world: World,
  project: number,
  nodes: readonly string[],
  isTighter: (minutes: number, than: number) => boolean,
): Bound | undefined => {
  let tightest: Bound | undefined
  for (const view of viewsOf(world, project)) {
    const cadence = view.cadence === null ? undefined : CADENCES.get(view.cadence)
    if (cadence === undefined || !nodes.includes(view.id)) continue
    if (tightest === undefined || isTighter(cadence.minutes, tightest.cadence.minutes)) tightest = { view, cadence }
  }
  return tightest
}

/** The slowest materialized view that this one reads: being faster than it would repeat the same rows. */
const floorOf = (world: World, view: ViewRecord): Bound | undefined =>
  bound(world, view.project, ancestorsOf(world, view), (minutes, than) => minutes > than)

/** The fastest materialized view that reads this one: being slower than it would starve it. */
const ceilingOf = (world: World, view: ViewRecord): Bound | undefined =>
  bound(world, view.project, descendantsOf(world, view), (minutes, than) => minutes < than)

/** Throws 400 when lineage forbids the cadence (fact sheet: tables 3.4 partial_update). */
export const checkCadence = (world: World, view: ViewRecord, cadence: string): void => {
  const floor = floorOf(world, view)
  if (floor !== undefined && minutesOf(cadence) < floor.cadence.minutes) {
    throw invalid(
      `This view cannot sync more often than every ${floor.cadence.label}, because it reads ${floor.view.name}.`,
    )
  }
  const ceiling = ceilingOf(world, view)
  if (ceiling !== undefined && minutesOf(cadence) > ceiling.cadence.minutes) {
    throw invalid(`This view must sync at least every ${ceiling.cadence.label}, because ${ceiling.view.name} reads it.`)
  }
}

const toBlocker = (found: Bound | undefined) =>
  found === undefined ? null : { id: found.view.id, name: found.view.name }

/** Which cadences lineage allows (fact sheet: tables 3.1, `sync_frequency_bounds`). */
export const toBounds = (world: World, view: ViewRecord): Readonly<Record<string, unknown>> => {
  const floor = floorOf(world, view)
  const ceiling = ceilingOf(world, view)
  const options = [...CADENCES].map(([cadence, { minutes }]) => {
    const tooFast = floor !== undefined && minutes < floor.cadence.minutes
    const tooSlow = ceiling !== undefined && minutes > ceiling.cadence.minutes
    const blocker = tooFast ? floor : tooSlow ? ceiling : undefined
    const blocked_by = tooFast ? 'source' : tooSlow ? 'consumer' : null
    return { cadence, allowed: blocker === undefined, blocked_by, blocker: toBlocker(blocker) }
  })
  const toLimit = (found: Bound | undefined) =>
    found === undefined ? null : { label: found.cadence.label, blocker: toBlocker(found) }
  return {
    frequency_mode: 'tiered',
    options,
    floor: toLimit(floor),
    ceiling: toLimit(ceiling),
    best_effort_sources: [],
    best_effort_sources_withheld: 0,
  }
}
