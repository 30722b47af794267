import type { Editions } from './editions.ts'
import type { KeySpec } from './keys.ts'

/** How a local warehouse is started. */
export interface LocalOptions {
  /** Keeps tables, views, files and the key; without it a temporary one is used and removed at the end. */
  readonly directory?: string
  /** Loopback port; 0 or nothing takes a free one. */
  readonly port?: number
  /** `allow` lets keys call what PostHog keeps for browser sessions; default `refuse`, as PostHog does. */
  readonly sessionActions?: 'refuse' | 'allow'
  /** Folders whose files may become tables through `file:///` URL patterns; none by default. */
  readonly allowDirs?: readonly string[]
  /** Lets URL patterns use plain http, also on this machine; off by default. */
  readonly allowHttpBuckets?: boolean
  /** Further keys, for this run only, by label. */
  readonly keys?: readonly KeySpec[]
  /** Generations of upstream; what is left out is `DEFAULT_EDITIONS`. */
  readonly editions?: Partial<Editions>
  /** Counts calls and queries as PostHog's cloud does; off by default, as on a self-hosted PostHog. */
  readonly throttles?: boolean
  /** A JSON file of faults to answer with. */
  readonly faults?: string
  /** Opens `/_admin/`, with a token of its own: the clock, faults and keys for tests. */
  readonly admin?: boolean
  /** Bytes the state directory may take before what makes it grow is refused; 10 GiB when left out. */
  readonly maxBytes?: number
}

/** Where a started warehouse is, and with what it is reached. */
export interface Address {
  /** Such as `http://127.0.0.1:8123`, without a slash at the end. */
  readonly origin: string
  /** The admin's personal API key: every scope, one project. */
  readonly key: string
  readonly projectId: number
  /** The values of `options.keys` by label. */
  readonly keys: Readonly<Record<string, string>>
  /** For the header `X-Admin-Token`; only when started with `admin`. */
  readonly adminToken?: string
}

/** From the starter to the API process. */
export type ToProcess = { readonly kind: 'start'; readonly options: LocalOptions } | { readonly kind: 'close' }

/** From the API process to the starter. */
export type FromProcess =
  | { readonly kind: 'ready'; readonly address: Address }
  | { readonly kind: 'failed'; readonly message: string }
