/**
 * The shape of the sheets' exchanges as data. A text may hold `<name>`: a value the runner knows (`<project>`, the
 * keys by name, `<folder>`, `<bucket>`, `<postgres.host>`) or one that an earlier step of the row kept.
 */
import { expect } from 'vitest'
import type { Editions } from '../../src/local/editions.ts'

/**
 * What a row takes against a real PostHog: `anywhere` any personal key and a request that changes nothing, `seeded`
 * objects, people or keys made for it, `local-only` what no key gets there (session actions, faults, a pushed clock).
 */
export type Tag = 'anywhere' | 'seeded' | 'local-only'

/** Evidence of the fact sheets: seen in code, seen in a test, inferred. The first letter is the status, any second the body. */
export type Mark = 'C' | 'T' | 'I' | 'CI' | 'TC' | 'TI'

/** The local warehouse a row belongs to; what is left out is the default. */
export interface Profile extends Partial<Editions> {
  /** Keys may do what PostHog keeps for browser sessions. */
  readonly sessionActions?: true
  readonly throttles?: true
  /** A PostgreSQL with the database of `shop.ts`. */
  readonly postgres?: true
}

/** One request. */
export interface Ask {
  readonly method: string
  readonly path: string
  /** The whole header; null sends none, nothing is `Bearer <all>`. */
  readonly authorization?: string | null
  readonly body?: unknown
  /** A body as it is, with its content type. */
  readonly raw?: { readonly type: string; readonly text: string }
  /** An upload, with a file of this name and content. */
  readonly form?: { readonly name: string; readonly file: string; readonly content: string }
}

interface Keeping {
  /** Keeps a value of the answer under this name; `id` unless `pick` names a path such as `results.0.id`. */
  readonly as?: string
  readonly pick?: string
}

/** What has to happen before a row: requests that succeed, calls of the admin door, waiting for a state. */
export type Step =
  | (Ask & Keeping & { readonly times?: number })
  | (Keeping & { readonly admin: string; readonly body: unknown })
  | { readonly until: Ask; readonly matches: unknown }

interface Row {
  /** The number in the sheet, such as `12` or `5.7`. */
  readonly row: string
  readonly tag: Tag
  readonly mark: Mark
  /** What sets it apart from another exchange of its row, or where it differs from the sheet's. */
  readonly note?: string
}

/** An exchange that is run. */
export interface Exchange extends Row {
  readonly profile?: Profile
  /** A warehouse nobody else uses. */
  readonly fresh?: true
  /** Names of situations of the sheet, each brought about once per warehouse. */
  readonly given?: readonly string[]
  readonly before?: readonly Step[]
  readonly request: Ask & {
    /** Sends this many at once and pushes the clock until one is answered; the others are ended. */
    readonly crowd?: number
  }
  readonly expect: {
    readonly status: number
    readonly body: unknown
    readonly headers?: Readonly<Record<string, unknown>>
  }
  readonly absent?: never
}

/** An exchange that cannot happen in the local warehouse, and why. */
export interface Absent extends Row {
  readonly absent: string
}

/** One sheet. */
export interface Sheet {
  readonly name: string
  /** What `<project>` is here; the sheet's own number where it exists. */
  readonly project: number
  readonly situations: Readonly<Record<string, readonly Step[]>>
  readonly exchanges: readonly (Exchange | Absent)[]
}

type Standard = { readonly type: string; readonly code: string; readonly detail: unknown; readonly attr: string | null }

export const validation = (detail: unknown, attr: string | null = null, code = 'invalid_input'): Standard => ({
  type: 'validation_error',
  code,
  detail,
  attr,
})
export const denied = (detail: string): Standard => ({
  type: 'authentication_error',
  code: 'permission_denied',
  detail,
  attr: null,
})
export const unauthenticated = (detail: string, code = 'authentication_failed'): Standard => ({
  type: 'authentication_error',
  code,
  detail,
  attr: null,
})
export const request = (code: string, detail: unknown): Standard => ({
  type: 'invalid_request',
  code,
  detail,
  attr: null,
})

export const SESSION_ONLY = denied('This action does not support personal API key access')
export const NOT_FOUND = request('not_found', 'Not found.')
export const UNKNOWN = '0199aaaa-0000-7000-8000-000000000000'

/** The stable fragment of a text that the sheet paraphrases or cuts. */
export const like = (pattern: RegExp): unknown => expect.stringMatching(pattern)
export const TEXT: unknown = expect.any(String)
/** A text that nobody wrote down, or none. */
export const ANY_CAPTION: unknown = expect.toSatisfy((value) => value === null || typeof value === 'string')
export const UUID = like(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
export const TIME = like(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
/** An object with at least these members, where the sheet abridges. */
export const having = (members: Readonly<Record<string, unknown>>): unknown => expect.objectContaining(members)
/** A list with at least these members, where the sheet abridges. */
export const listing = (members: readonly unknown[]): unknown => expect.arrayContaining([...members])
