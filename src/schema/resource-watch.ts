import type { Redactor } from '../redact.ts'
import { contentsAt } from './places.ts'
import { Poller } from './poller.ts'
import { type Place, parseUri } from './resource-uri.ts'
import { MOST_PROJECTS, type SchemaCache } from './schema-cache.ts'
import type { Snapshot } from './snapshot.ts'

/** How one connection is told. */
export interface Sender {
  listChanged(): void
  updated(uri: string): void
}

/** What a subscription asked for. */
export interface Interest {
  readonly uris: readonly string[]
  /** Whether changes of the list are wanted too. */
  readonly lists: boolean
}

/** The subscriptions of one connection; they end with it. */
export interface Watcher {
  /** @param key what the subscription ends by */
  subscribe(key: string | number, interest: Interest): void
  unsubscribe(key: string | number): void
  close(): void
}

interface Connection {
  readonly sender: Sender
  /** An older client is told of the list without asking. */
  readonly isTold: boolean
  readonly interests: Map<string | number, Interest>
}

/** Projects watched at once: as many as the cache remembers. */
const MOST_WATCHED = MOST_PROJECTS

/** Changes that come together are looked at together. */
const GATHER_MS = 200

/** What changes are watched with; `pollMs` 0 looks only after changes made through this server. */
export interface WatchMeans {
  readonly cache: SchemaCache
  readonly redactor: Redactor
  readonly pollMs: number
  /** The one project that may be watched, if there is one. */
  readonly only?: number | undefined
  /** A look that failed, for the log. */
  failed(error: unknown): void
}

/** Tells connections what changed: after writes through this server, and by looking now and then. One per process. */
export class ResourceWatch {
  readonly #means: WatchMeans
  readonly #connections = new Set<Connection>()
  readonly #poller: Poller
  readonly #soon = new Map<number, NodeJS.Timeout>()
  /** Projects whose listeners know already that the list may be another. */
  readonly #listTold = new Set<number>()
  readonly #stop: () => void

  constructor(means: WatchMeans) {
    this.#means = means
    this.#stop = means.cache.onSnapshot((after, before) => this.#arrived(after, before))
    this.#poller = new Poller({
      intervalMs: means.pollMs,
      projects: () => this.#polled(),
      look: (project, signal) => means.cache.refresh(project, signal).then(() => undefined),
      failed: means.failed,
    })
  }

  /** @param isTold whether the connection hears of changed lists without a subscription, as 2025 clients do */
  connect(sender: Sender, isTold: boolean): Watcher {
    const connection: Connection = { sender, isTold, interests: new Map() }
    this.#connections.add(connection)
    return {
      subscribe: (key, interest) => {
        const allowed = this.#allowed(interest)
        connection.interests.set(key, allowed)
        this.#begin(allowed)
      },
      unsubscribe: (key) => {
        connection.interests.delete(key)
        this.#poller.adjust()
      },
      close: () => {
        this.#connections.delete(connection)
        this.#poller.adjust()
      },
    }
  }

  /** A change was made, or may have been, through this server. */
  wrote(project: number): void {
    this.#means.cache.invalidate(project)
    for (const connection of this.#connections) if (wantsLists(connection)) connection.sender.listChanged()
    // What nobody has read cannot change a second time.
    if (this.#means.cache.last(project) !== undefined) this.#listTold.add(project)
    if (this.#watched().has(project)) this.#lookSoon(project)
  }

  /** Ends the looking; connections end by themselves. */
  close(): void {
    this.#stop()
    this.#poller.close()
    for (const timer of this.#soon.values()) clearTimeout(timer)
    this.#soon.clear()
  }

  /** A subscription needs something to compare with. */
  #begin({ uris }: Interest): void {
    for (const project of projectsOf(uris)) if (this.#means.cache.last(project) === undefined) this.#lookSoon(project)
    this.#poller.adjust()
  }

  #lookSoon(project: number): void {
    if (this.#soon.has(project)) return
    const timer = setTimeout(() => {
      this.#soon.delete(project)
      this.#means.cache
        .get(project, new AbortController().signal)
        .catch((error: unknown) => this.#blind(project, error))
    }, GATHER_MS)
    this.#soon.set(project, timer.unref())
  }

  /** What cannot be compared may have changed. */
  #blind(project: number, error: unknown): void {
    this.#means.failed(error)
    for (const { uri, place, sender } of this.#subscriptions()) if (place.project === project) sender.updated(uri)
  }

  #arrived(after: Snapshot, before: Snapshot | undefined): void {
    if (before !== undefined) this.#compare(before, after)
    else {
      // The first that is known of a project: from now on it can be looked at.
      this.#listTold.delete(after.project)
      this.#poller.adjust()
    }
  }

  /** What may be watched: what may be read, and no more projects than can be compared at a time. */
  #allowed({ uris, lists }: Interest): Interest {
    const { only } = this.#means
    const projects = new Set(this.#watched())
    const allowed = uris.filter((uri) => {
      const project = parseUri(uri)?.project
      if (project === undefined || (only !== undefined && project !== only)) return false
      if (!projects.has(project) && projects.size >= MOST_WATCHED) return false
      projects.add(project)
      return true
    })
    return { uris: allowed, lists }
  }

  #compare(before: Snapshot, after: Snapshot): void {
    const { project } = after
    const { redactor } = this.#means
    const isOther = (place: Place): boolean =>
      JSON.stringify(contentsAt(before, place, redactor)) !== JSON.stringify(contentsAt(after, place, redactor))
    const told = new Map<string, boolean>()
    for (const { uri, place, sender } of this.#subscriptions()) {
      if (place.project !== project) continue
      const changed = told.get(uri) ?? isOther(place)
      told.set(uri, changed)
      if (changed) sender.updated(uri)
    }
    if (this.#listTold.delete(project) || isSameList(before, after)) return
    for (const connection of this.#connections) if (wantsLists(connection)) connection.sender.listChanged()
  }

  *#subscriptions(): Generator<{ readonly uri: string; readonly place: Place; readonly sender: Sender }> {
    for (const { sender, interests } of this.#connections) {
      const uris = new Set([...interests.values()].flatMap((interest) => interest.uris))
      for (const uri of uris) {
        const place = parseUri(uri)
        if (place !== undefined) yield { uri, place, sender }
      }
    }
  }

  /** Projects that somebody subscribed to something in. */
  #watched(): ReadonlySet<number> {
    return new Set([...this.#subscriptions()].map(({ place }) => place.project))
  }

  /** Those, and where somebody asked for the list, the projects that were listed. */
  #polled(): readonly number[] {
    const asksForLists = [...this.#connections].some(({ interests }) =>
      [...interests.values()].some(({ lists }) => lists),
    )
    return [...new Set([...this.#watched(), ...(asksForLists ? this.#means.cache.known : [])])]
  }
}

const wantsLists = ({ isTold, interests }: Connection): boolean =>
  isTold || [...interests.values()].some(({ lists }) => lists)

const projectsOf = (uris: readonly string[]): ReadonlySet<number> =>
  new Set(uris.flatMap((uri) => parseUri(uri)?.project ?? []))

const isSameList = (before: Snapshot, after: Snapshot): boolean =>
  before.entries.length === after.entries.length &&
  before.sources.length === after.sources.length &&
  before.entries.every(({ name, group }) => after.byName.get(name)?.group === group) &&
  before.sources.every(({ name }) => after.sourceByName.has(name))
