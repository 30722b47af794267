import type { World } from '../world.ts'
import { refreshSource } from './refresh-schemas.ts'
import type { SchemaRecord, SourceRecord } from './source-state.ts'
import { DISCOVERY_INTERVAL, nextSync } from './sync-frequency.ts'
import type { Syncs } from './syncs.ts'

/** Wakes tables when they are due and sources when they are to be looked at again, by the warehouse's clock. */
export class Schedules {
  readonly #world: World
  readonly #syncs: Syncs
  readonly #pending = new Map<string, () => void>()

  constructor(world: World, syncs: Syncs) {
    this.#world = world
    this.#syncs = syncs
  }

  /** Takes up every schedule, after a start. What was due while nobody ran waits for its next time. */
  resume(): void {
    for (const source of this.#world.store.state.sources.filter(({ deleted }) => !deleted)) this.watch(source)
  }

  /** Takes up the schedules of a source and of its tables. */
  watch(source: SourceRecord): void {
    this.#wakeDiscovery(source)
    for (const schema of this.#world.store.state.schemas) {
      if (schema.sourceId === source.id && !schema.deleted) this.update(source, schema)
    }
  }

  /** Sets a table's next time by its settings now; one that is off has none. */
  update(source: SourceRecord, schema: SchemaRecord): void {
    this.#cancel(schema.id)
    if (!schema.shouldSync || schema.deleted || source.deleted) return
    this.#set(schema.id, nextSync(schema, this.#world.clock()), () => {
      // A sync may have switched the table off since.
      if (schema.shouldSync && !schema.deleted && !source.deleted) this.#syncs.start(source, schema)
      this.update(source, schema)
    })
  }

  /** Lets a source be. */
  forget(source: SourceRecord): void {
    this.#cancel(source.id)
  }

  #wakeDiscovery(source: SourceRecord): void {
    this.#cancel(source.id)
    this.#set(source.id, this.#world.clock() + DISCOVERY_INTERVAL, () => {
      if (source.deleted) return
      this.#wakeDiscovery(source)
      refreshSource(this.#world, this.#syncs, this, source, new AbortController().signal)
        .then(() => this.#world.store.save())
        .catch(() => this.#world.log(`source ${source.id} could not be looked at`))
    })
  }

  #set(id: string, at: number, task: () => void): void {
    this.#pending.set(id, this.#world.alarms.wake(at, task))
  }

  #cancel(id: string): void {
    this.#pending.get(id)?.()
    this.#pending.delete(id)
  }
}
