import type { z } from 'zod'
import type { Derivation } from './derivation.ts'
import type { Loss } from './loss.ts'

/** What a call can do at worst: only look, add or alter, or lose something (delete, drop, overwrite). */
export type Effect = 'read' | 'write' | 'destructive'

/** An API-key scope of PostHog; `write` includes `read` of the same object (fact sheet: cross-cutting 3.3). */
export type Scope =
  `${'warehouse_table' | 'warehouse_view' | 'external_data_source' | 'query' | 'export' | 'file_system' | 'activity_log' | 'project'}:${'read' | 'write'}`

/** The six REST resources, each one file in `tools/`; and the two kinds of questions. */
export type Toolset =
  | 'schema'
  | 'query'
  | 'warehouse_tables'
  | 'external_data_sources'
  | 'warehouse_saved_queries'
  | 'data_warehouse'
  | 'exports'
  | 'file_system'

type Holes<P extends string> = P extends `${string}{${infer K}}${infer Rest}` ? K | Holes<Rest> : never
type Keys<In extends z.ZodObject> = Extract<keyof In['shape'], string>
type Filled<P extends string, In extends z.ZodObject> = [Exclude<Holes<P>, Keys<In>>] extends [never]
  ? P
  : `no input named ${Exclude<Holes<P>, Keys<In>>}`

/** Any JSON object as parsed from a reply. */
export type Json = Record<string, unknown>

/**
 * How a list is paged. The model always pages with the same inputs (`offset` and `limit`, or `page`, or
 * `before`), whatever upstream does.
 * - `offset`: upstream takes limit and offset.
 * - `whole`: upstream sends everything; it is cut here.
 * - `thousand`: upstream sends fixed pages of 1,000 rows by `page`; they are cut here (fact sheet: tables 3.4).
 * - `page`: upstream takes page and limit.
 * - `before`: upstream sends at most 50, newest first; go on before the last row's `created_at`.
 * - `none`: upstream sends a short list that has no next page.
 */
export type Paging = 'offset' | 'whole' | 'thousand' | 'page' | 'before' | 'none'

/** A reply that is a list of rows; each row is cut down to the fields of `row`. */
export interface ListReply<Row extends z.ZodType = z.ZodType> {
  readonly kind: 'list'
  readonly row: Row
  /** The key that holds the rows; absent when the body itself is the array. */
  readonly at?: string
  readonly paging: Paging
  /** Rows a call returns when it does not say (and, for `offset` and `page`, what is asked of upstream). */
  readonly limit: number
  /** Turns the body into the array of rows where `at` does not do. */
  rows?(body: unknown): readonly unknown[]
  /** Renames or condenses one upstream row before it is cut down. */
  from?(row: Json): unknown
}

/** A reply that is one object; everything useful is kept, `fields` names the main ones. */
export interface ObjectReply<Fields extends z.ZodObject = z.ZodObject, In extends z.ZodObject = z.ZodObject> {
  readonly kind: 'object'
  readonly fields: Fields
  /** The sentence of fact for a success that has no body, where upstream answers either way. */
  empty?(input: z.output<In>): string
  /** Renames or condenses the upstream object first. */
  from?(body: Json): Json
}

/** A reply without a body: a sentence of fact stands in for it. */
export interface DoneReply<In extends z.ZodObject = z.ZodObject> {
  readonly kind: 'done'
  /** What was asked and how to see its effect; the object and the project are named by the machinery. */
  says(input: z.output<In>): string
}

/** A reply of file bytes. The input `save_to` says where they go on this machine and is never sent. */
export interface FileReply {
  readonly kind: 'file'
}

export type Reply<In extends z.ZodObject = z.ZodObject> =
  | ListReply
  | ObjectReply<z.ZodObject, In>
  | DoneReply<In>
  | FileReply

/** One read that has to come back clean before a write is sent. */
export interface Guard<In extends z.ZodObject = z.ZodObject> {
  /** Below the project; may have the same holes as the operation's path. */
  readonly path: string
  /** What is read; an answer of another form lets nothing through. */
  readonly of: 'list' | 'object'
  query?(input: z.output<In>): Readonly<Record<string, string>>
  /** When false the read is not made. */
  when?(input: z.output<In>): boolean
  /** Why the write must not be sent, and what to do instead, without words of the body; undefined lets it through. */
  refuse(body: Json, input: z.output<In>): string | undefined
}

/**
 * Where the secrets of a call go, so that one bound to a place goes nowhere else: to the address in an input, or to
 * what an input full of settings names, of a type that is an input or, with `stored`, that of the object read there.
 */
export type SecretTarget =
  | { readonly is: string; readonly url: string }
  | {
      readonly type: string
      readonly settings: string
      /** Below the project; has the type and the settings under the same names. */
      readonly stored?: string
      /** Below the project; tells the fields of a type's settings, with the type as `source_type`. */
      readonly wizard: string
    }

/** What every tool says of itself, whatever answers it. */
export interface Described {
  /** `<resource>_<verb>`, as in the table of endpoints. */
  readonly name: string
  readonly toolset: Toolset
  readonly title: string
  /** For a model choosing between the tools: what, when, cost, what next. */
  readonly description: string
  /** The worst case, which the annotations tell. */
  readonly effect: Effect
  /** Whether the same call twice leaves things as once does. */
  readonly idempotent: boolean
  /** Whether the call makes PostHog (or us) talk to a host that is not PostHog: a bucket, a database, a vendor. */
  readonly openWorld: boolean
  /** What the caller must be trusted with, which can be more than `effect` (its scope upstream). */
  readonly tier: Effect
  /** All are needed; none where upstream declares none. */
  readonly scopes: readonly Scope[]
  /** Dotted input paths whose values must never come back out; `payload.*` takes every leaf that is not plainly harmless. */
  readonly secrets?: readonly string[]
  /** Where they go; without it no reference to a secret is taken. */
  readonly secretsGo?: SecretTarget
  /** Fields that are not inputs, each with its reason (and the right tool): documented ones, and traps. */
  readonly leftOut?: Readonly<Record<string, string>>
}

/** One REST call, said once: the tool, its schemas, its annotations, the request, the reply and the docs come from it. */
export interface Operation<In extends z.ZodObject = z.ZodObject> extends Described {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/api/projects/{id}/`; every {hole} is an input. */
  readonly path: string
  /** Which of the two roots the public pages document; both work for every operation. */
  readonly documented: readonly ('environments' | 'projects')[]
  /** Where the worst case depends on the arguments: when it is destructive (otherwise it is a write). */
  readonly destructiveWhen?: { readonly says: string; is(input: z.output<In>): boolean }
  /** `newer`: older PostHog releases refuse API keys here; `refused`: all do, only a browser session passes. */
  readonly keys: 'allowed' | 'newer' | 'refused'
  /** For `newer` and `refused`: which tools answer the question instead, or where in the app. */
  readonly instead?: string
  /** For a read of those: what its answer is computed from where keys are refused. */
  readonly derive?: Derivation
  readonly input: In
  /** Builds the JSON body where it is not simply the inputs that are left. `undefined` sends none. */
  body?(input: z.output<In>): unknown
  /** A multipart upload instead of a JSON body. */
  upload?(input: z.output<In>): Upload
  readonly guard?: Guard<In>
  /** What is lost at worst. Required of every destructive operation. */
  readonly loss?: Loss
  /** Where to go when this route is gone (404 `Endpoint not found.`): a later PostHog renamed it. */
  readonly successor?: { readonly path: string; body(input: z.output<In>): unknown }
  /** A second read that tells why this one found nothing. */
  readonly onMissing?: {
    readonly path: string
    /** @param quote how words of the body stand in a sentence */
    explain(body: Json, quote: (text: string) => string): string
    /** Said when that read finds nothing either. */
    readonly absent: string
  }
  readonly reply: Reply<In>
  /** 201 means created; a 200 then means something that existed was changed. */
  readonly creates?: string
  /** Reply fields that are secrets and are the purpose of the call: handed over as the operator chose, never logged. */
  readonly reveals?: readonly string[]
  /** What makes another value of those when one could not be handed over. Required beside `reveals`. */
  readonly ifLost?: string
  /** Reply fields holding a caller's own JSON, passed on as it is (nulls included). */
  readonly opaque?: readonly string[]
  /** The reply may be far larger than a page of rows. */
  readonly large?: true
  /** Numbers that JavaScript cannot hold exactly are kept as text. */
  readonly exact?: true
  /** `long` (120 s) where upstream connects, probes, runs SQL or takes a file; otherwise 45 s. */
  readonly deadline?: 'long'
  /** Follow one redirect to storage (the one exception to following none). */
  readonly storageRedirect?: true
  /** The tool that tells whether a write with an unknown outcome was carried out. Required of every write. */
  readonly check?: string
  /** Said beside `check` when the outcome is unknown: where that read is refused to API keys or cannot tell. */
  readonly checkNote?: string
  /** What to check when PostHog refuses the input without naming a field. */
  readonly hint?: string
  /** What a refused call may leave behind all the same. */
  readonly residue?: string
  /** Upstream's word for a field to ours, where they differ (for errors that name a field). */
  readonly names?: Readonly<Record<string, string>>
  /** Other differences from the public pages. */
  readonly deviations?: readonly string[]
}

/** One multipart upload: the form fields, and the file either as text or as a path on this machine. */
export interface Upload {
  readonly fields: Readonly<Record<string, string>>
  readonly fileName: string
  readonly from: { readonly path: string } | { readonly text: string }
}

/**
 * Checks a record as it is written: a path hole without an input, a read without its opposite, or a `query`
 * name that is no input does not compile.
 */
export const operation = <const P extends string, In extends z.ZodObject>(
  record: Operation<In> & { readonly path: P & Filled<P, In> } & Honest,
): Operation =>
  // The machinery handles all records alike and only ever hands one what its own input schema has parsed.
  record as unknown as Operation

/** What the types can hold a record to: GET never writes bodies, refusals say what to do instead, writes name their check. */
type Honest = ({ readonly keys: 'allowed' } | { readonly keys: 'newer' | 'refused'; readonly instead: string }) &
  (
    | { readonly effect: 'read' }
    | { readonly effect: 'write'; readonly check: string }
    // The record has its own type for it; this only says that it is there.
    | { readonly effect: 'destructive'; readonly check: string; readonly loss: object }
  ) &
  (
    | { readonly method: 'GET'; readonly body?: never; readonly upload?: never }
    | { readonly method: 'POST' | 'PATCH' | 'DELETE' }
  )
