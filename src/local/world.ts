import type { Clock } from './clock.ts'
import type { DiskGuard } from './disk-guard.ts'
import type { Editions } from './editions.ts'
import type { Engine } from './engine/engine.ts'
import type { KeyRing } from './keys.ts'
import type { LocalFiles } from './local-files.ts'
import type { TableRecord, ViewRecord } from './state.ts'
import type { Store } from './store.ts'
import type { Turns } from './turns.ts'

/** What the handlers share. One per process. */
export interface World {
  readonly store: Store
  readonly engine: Engine
  readonly keys: KeyRing
  readonly files: LocalFiles
  /**
   * Checks with the changes that rest on them (free names, concurrency tokens) take turns. Whatever gives something a name
   * in SQL, or other rows, does it within one; a deletion is a single step and takes none.
   */
  readonly commits: Turns
  /** Milliseconds, as `Date.now`; the same clock as `alarms`. */
  readonly clock: () => number
  /** Wakes tasks by that clock, which tests push forward. */
  readonly alarms: Clock
  /** Whether keys may call what upstream keeps for browser sessions. */
  readonly sessionActions: boolean
  /** Which generation of upstream each resource behaves as. */
  readonly editions: Editions
  /** Whether calls and queries are counted as on PostHog's cloud. */
  readonly throttles: boolean
  /** Asked by whatever makes the directory grow. */
  readonly disk: DiskGuard
  /** Tells the operator about something no caller sees. Never given request data. */
  readonly log: (message: string) => void
}

/** Names that exist in every project (fact sheet: tables 6.4). */
export const BUILT_IN: readonly string[] = ['events', 'persons']

/** The clock as the API writes times. */
export const timestamp = (world: World): string => new Date(world.clock()).toISOString()

/** The live tables of a project, oldest first. */
export const tablesOf = (world: World, project: number): readonly TableRecord[] =>
  world.store.state.tables.filter((table) => table.project === project && !table.deleted)

/** The live views of a project, oldest first. */
export const viewsOf = (world: World, project: number): readonly ViewRecord[] =>
  world.store.state.views.filter((view) => view.project === project && !view.deleted)

/** Whether a name is free among built-ins, live tables and live views (fact sheet: tables 6.5). */
export const isTaken = (world: World, project: number, name: string, selfId?: string): boolean =>
  BUILT_IN.includes(name) ||
  // The table behind a view carries the view's name, and both are the same thing to whoever asks.
  tablesOf(world, project).some(
    (table) =>
      (table.name === name || table.synced?.hogqlName === name) &&
      table.id !== selfId &&
      (selfId === undefined || table.viewId !== selfId),
  ) ||
  viewsOf(world, project).some((view) => view.name === name && view.id !== selfId)

/** The text for a name that is taken. */
export const NAME_TAKEN = 'A table or view with this name already exists. Choose a different name.'
