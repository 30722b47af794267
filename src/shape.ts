import type { Json, ListReply, Operation, Reply } from './operation.ts'
import { cutToPage, type Target } from './request.ts'

/** The most rows PostHog sends of a list that goes on by `before` (fact sheet: external data sources 2.6). */
const BEFORE_PAGE = 50

/** A call and what it was answered. */
export interface AnsweredCall {
  /** The inputs without the project. */
  readonly input: Json
  /** The project as the call named it, if it did. */
  readonly named: Json
  readonly target: Target
  readonly status: number
  readonly body: unknown
}

/**
 * The structured content of a successful reply: what it is about, the useful part of the body, and for a list how
 * much of it this is and the exact input for the rest. Pure.
 * @param schema the tool's output schema, which decides what a list row keeps
 */
export const toStructured = (operation: Operation, schema: Json, call: AnsweredCall): Json => {
  const { reply } = operation
  const about = { project_id: call.target.project }
  const note = operation.creates && call.status === 200 ? { note: notCreated(operation.creates) } : {}
  if (reply.kind === 'list') return { ...toList(reply, schema, { ...call, again: toAgain(operation, call) }), ...about }
  if (reply.kind === 'object' && call.body === undefined && reply.empty)
    return { done: reply.empty(call.input), ...idOf(call.input), ...about }
  if (reply.kind === 'object') {
    const body = reply.from ? reply.from(asObject(call.body)) : asObject(call.body)
    return { ...apart(asObject(settle(schema, clean(body, operation.opaque ?? [])))), ...note, ...about }
  }
  const says = reply.kind === 'done' ? reply.says(call.input) : ''
  const extra = isObject(call.body) ? { reply: clean(call.body, []) } : {}
  return { done: says, ...idOf(call.input), ...extra, ...about }
}

/**
 * Whether a success has the form its record declares. What has not is a failure: an empty list made of something else
 * would say that there is nothing.
 */
export const isExpected = (reply: Reply, body: unknown): boolean => {
  if (reply.kind === 'list' && reply.rows) return isObject(body)
  if (reply.kind === 'list') return Array.isArray(reply.at === undefined ? body : asObject(body)[reply.at])
  if (reply.kind === 'object') return isObject(body) || (body === undefined && reply.empty !== undefined)
  return true
}

/** Fields in which this server speaks; what a reply has under these names must not pass for its words. */
const OURS = /^(done|next|note|cut|stripped|sensitive|saved_to|shown_at|secrets_note|derived|derived_from|not_known)$/

const apart = (body: Json): Json => {
  const entries = Object.entries(body)
  const theirs = entries.filter(([key]) => OURS.test(key))
  if (theirs.length === 0) return body
  const unexpected = { ...asObject(body.unexpected), ...Object.fromEntries(theirs) }
  return { ...Object.fromEntries(entries.filter(([key]) => !OURS.test(key))), unexpected }
}

const notCreated = (what: string): string =>
  `PostHog answered 200, not 201: ${what} existed already and was changed; nothing new was created.`

const idOf = ({ id }: Json): Json => (id === undefined ? {} : { id })

const toList = (
  reply: ListReply,
  schema: Json,
  { input, body, again }: { readonly input: Json; readonly body: unknown; readonly again: Json },
): Json => {
  const all = rowsOf(reply, body)
  const page = cutToPage(reply, all, input)
  const kept = page.rows.map((row) => clean(reply.from && isObject(row) ? reply.from(row) : row, []))
  const total = totalOf(reply, body, all)
  const next = nextOf(reply, { input, body, page, total })
  const row = asObject(asObject(asObject(schema.properties).results).items)
  return {
    results: kept.map((item) => settle(row, cut(row, item))),
    returned: kept.length,
    ...(total === undefined ? {} : { total }),
    more: next !== undefined,
    ...(next === undefined || next === 'unknown' ? {} : { next: { ...again, ...next } }),
  }
}

const rowsOf = (reply: ListReply, body: unknown): readonly unknown[] => {
  if (reply.rows) return reply.rows(body)
  const rows = reply.at === undefined ? body : asObject(body)[reply.at]
  return Array.isArray(rows) ? rows : []
}

const totalOf = (reply: ListReply, body: unknown, all: readonly unknown[]): number | undefined => {
  const { count, total_count } = asObject(body)
  for (const told of [count, total_count]) if (typeof told === 'number') return told
  return reply.paging === 'whole' ? all.length : undefined
}

/** The arguments to call again with, without secrets: those have to be given again. */
const toAgain = ({ secrets = [] }: Operation, { input, named }: AnsweredCall): Json => {
  const secret = new Set(secrets.map((path) => path.split('.')[0]))
  return Object.fromEntries(Object.entries({ ...input, ...named }).filter(([name]) => !secret.has(name)))
}

/** A time as PostHog writes one; nothing else of a row is repeated as an argument. */
const TIME = /^\d{4}-\d\d-\d\d[T ][\d:.]{5,20}(Z|[+-][\d:]{2,6})?$/

/** What changes in the arguments to fetch what was cut; undefined when this is all, `unknown` when that cannot be said. */
const nextOf = (
  reply: ListReply,
  {
    input,
    body,
    page,
    total,
  }: { input: Json; body: unknown; page: ReturnType<typeof cutToPage>; total: number | undefined },
): Json | 'unknown' | undefined => {
  const seen = page.start + page.rows.length
  switch (reply.paging) {
    case 'none':
      return undefined
    case 'before': {
      const { created_at: before } = asObject(page.rows.at(-1))
      if (page.rows.length < BEFORE_PAGE) return undefined
      return typeof before === 'string' && TIME.test(before) ? { before } : 'unknown'
    }
    case 'page': {
      const number = typeof input.page === 'number' ? input.page : 1
      const more = total === undefined ? goesOn(body) : number * page.size < total
      return more ? { page: number + 1 } : undefined
    }
    default: {
      const more = total === undefined ? goesOn(body) : seen < total
      // A page without rows has no next one, whatever upstream claims: following it would never end.
      return more && page.rows.length > 0 ? { offset: seen } : undefined
    }
  }
}

const goesOn = (body: unknown): boolean => typeof asObject(body).next === 'string'

/** Drops what says nothing: nulls, avatars, a column's key beside its equal name; a user becomes an e-mail address. */
const clean = (value: unknown, opaque: readonly string[]): unknown => {
  if (Array.isArray(value)) return value.map((item) => clean(item, opaque))
  if (!isObject(value)) return value
  if (typeof value.email === 'string' && 'distinct_id' in value) return value.email
  const entries = Object.entries(value).filter(
    ([key, item]) =>
      item !== null && item !== undefined && key !== 'hedgehog_config' && !(key === 'key' && item === value.name),
  )
  return Object.fromEntries(entries.map(([key, item]) => [key, opaque.includes(key) ? item : clean(item, opaque)]))
}

/** A list row with only the fields its schema names. */
const cut = (schema: Json, value: unknown): unknown => {
  const names = isObject(schema.properties) ? schema.properties : {}
  if (!isObject(value) || Object.keys(names).length === 0) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => key in names))
}

/**
 * Moves fields whose type is not the declared one under `unexpected`: a client that checks structured content must
 * not fail because upstream changed a type, and the model still sees what came.
 */
const settle = (schema: Json, value: unknown): unknown => {
  if (schema.type !== 'object') return hasType(schema, value) ? value : JSON.stringify(value ?? null)
  if (!isObject(value)) return { unexpected: { value } }
  const names = asObject(schema.properties)
  const entries = Object.entries(value)
  const misfits = entries.filter(([key, item]) => !hasType(asObject(names[key]), item))
  if (misfits.length === 0) return value
  const kept = entries.filter(([key]) => !misfits.some(([misfit]) => misfit === key))
  return { ...Object.fromEntries(kept), unexpected: Object.fromEntries(misfits) }
}

const hasType = (schema: Json, value: unknown): boolean => {
  switch (schema.type) {
    case 'string':
      return typeof value === 'string'
    case 'integer':
    case 'number':
      return typeof value === 'number'
    case 'boolean':
      return typeof value === 'boolean'
    case 'array':
      return Array.isArray(value) && value.every((item) => hasType(asObject(schema.items), item))
    case 'object': {
      const names = asObject(schema.properties)
      return isObject(value) && Object.entries(value).every(([key, item]) => hasType(asObject(names[key]), item))
    }
    default:
      return true
  }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const asObject = (value: unknown): Json => (isObject(value) ? value : {})
