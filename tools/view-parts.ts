import { z } from 'zod'
import type { Json } from '../src/operation.ts'
import { boolean, columns, id, object, part, present, repeated, rowsOf, string, withId } from './fields.ts'

const base = { toolset: 'warehouse_saved_queries', openWorld: false } as const

/** What every read of views shares. */
export const read = {
  ...base,
  effect: 'read',
  tier: 'read',
  idempotent: true,
  scopes: ['warehouse_view:read'],
} as const

/** What every write of views shares. */
export const write = { ...base, tier: 'write', scopes: ['warehouse_view:write'] } as const

/** Where one view lives, and the input that names it. */
export const viewPath = 'warehouse_saved_queries/{id}/'
export const ofView = z.strictObject({ id })

/** Cadences (fact sheet: tables 3.1); older PostHog may refuse 15min. */
export const cadence = z.enum(['never', '15min', '30min', '1hour', '6hour', '12hour', '24hour', '7day', '30day'])

/** The fields of a view a reader asks for first. */
export const view = z.looseObject({
  id: string,
  name: string,
  query: object,
  columns,
  status: string,
  is_materialized: boolean,
  sync_frequency: string,
  last_run_at: string,
  latest_error: string,
  latest_history_id: string,
})

/** Newer PostHog spells out every cadence with its blocker; the allowed ones and the bounds say the same. */
export const withShortBounds = ({ sync_frequency_bounds, ...body }: Json): Json => {
  const { options, floor, ceiling } = part(sync_frequency_bounds)
  if (!Array.isArray(options)) return body
  const allowed = options.map(part).flatMap(({ cadence, allowed }) => (allowed === true ? [cadence] : []))
  return { ...body, sync_frequency_bounds: present({ allowed, floor, ceiling }) }
}

/** The pages show the view's own fields as the body of actions that read none of them. */
export const repeatedView = repeated(['deleted', 'name', 'query', 'edited_history_id', 'soft_update'])

/** Why a create must not go out: upstream would edit the view of that name (fact sheet: tables 3.3). */
export const refuseKnownName = (body: Json, { name }: { name: string }): string | undefined => {
  const taken = rowsOf(body).find((row) => row.name === name)
  return taken === undefined
    ? undefined
    : `A view named ${name} exists already${withId(taken)}. Change it with warehouse_saved_queries_update, or choose another name.`
}

/** Who did it, as one word: an e-mail address, or System. */
export const actorOf = (user: unknown): unknown => {
  const { email, first_name } = part(user)
  return email ?? first_name
}
