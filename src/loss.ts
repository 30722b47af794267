import type { Json } from './operation.ts'

/** One read before a destructive call, below the project; may have the same holes as the operation's path. */
export interface LossLook {
  readonly path: string
  /** A POST that only reads. */
  readonly method?: 'POST'
  query?(input: Json): Readonly<Record<string, string>>
  /** Some keys or releases refuse it, or there is nothing to find: what it would tell is then not known. */
  readonly optional?: true
}

/** What those reads found, by their names; undefined for one that found nothing. */
export type Found = Readonly<Record<string, Json | undefined>>

/** One thing worth knowing: what data says, or a sentence of ours. */
export type Fact = string | number | readonly string[] | { readonly ours: string }

/** By a word for each; what is undefined is left out. */
export type Facts = Readonly<Record<string, Fact | undefined>>

/** What a call takes away. */
export interface Lost {
  /** What people call it; typed by whoever approves, where the loss is heavy. */
  readonly name: string
  /** Never changes, however it is called. */
  readonly id?: string | undefined
  /** What is worth knowing of it. Whoever approves approves these: where one has changed since, their yes is void. */
  readonly facts?: Facts
  /** What is shown too, and changes by itself while the loss stays the same: how a sync goes, when it last went. */
  readonly passing?: Facts
  /** Where it is in the schema, which knows rows, syncs and the views that read it. */
  readonly inSchema?: { readonly id?: unknown; readonly name?: unknown; readonly source?: unknown }
}

/** What a person is shown before a destructive call is sent, and how they say yes. */
export interface Loss {
  readonly looks?: Readonly<Record<string, LossLook>>
  of(found: Found, input: Json): Lost
  /** What happens, in one sentence. */
  readonly says: string
  /** Whether and how it can be undone, in one sentence. */
  readonly undo: string
  /** Whoever approves types the name, or ticks a box. */
  readonly weight: 'name' | 'tick'
  /** Where nobody can be asked: refuse, or show a preview first (the operator may choose otherwise). */
  readonly unasked: 'refuse' | 'preview'
}
