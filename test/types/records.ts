/**
 * What must not compile. `tsc -p test/tsconfig.json` fails when one of these does: a directive without an error is
 * an error itself.
 */
import { z } from 'zod'
import { operation } from '../../src/operation.ts'

const id = z.guid()
const base = {
  name: 'x_get',
  toolset: 'exports',
  title: 'X',
  description: 'x',
  documented: ['projects'],
  idempotent: true,
  openWorld: false,
  tier: 'read',
  scopes: ['export:read'],
  input: z.strictObject({ id, level: z.int().optional() }),
  reply: { kind: 'object', fields: z.looseObject({}) },
} as const
const get = { ...base, method: 'GET', path: 'x/{id}/', effect: 'read', keys: 'allowed' } as const
const post = { ...get, method: 'POST', effect: 'write', tier: 'write', check: 'x_get' } as const

// The controls: without these two, everything below could fail for one shared reason.
export const goodRead = operation(get)
export const goodWrite = operation({ ...post, body: ({ level }) => ({ level }) })
export const goodGuard = operation({
  ...post,
  guard: { of: 'object', path: 'x/', refuse: (_body, { level }) => String(level) },
})

// @ts-expect-error: a hole in the path that no input fills
operation({ ...get, path: 'x/{view_id}/' })
// @ts-expect-error: a second hole that no input fills
operation({ ...get, path: 'x/{id}/y/{other}/' })
// @ts-expect-error: a hole and no inputs at all
operation({ ...get, input: z.strictObject({}) })

// @ts-expect-error: a write that does not name the read which tells whether it was carried out
operation({ ...get, method: 'POST', effect: 'write' })
// @ts-expect-error: the same for what destroys
operation({ ...get, method: 'DELETE', effect: 'destructive' })
// @ts-expect-error: refused to keys, and nothing said of what to do instead
operation({ ...get, keys: 'refused' })
// @ts-expect-error: refused by older releases, and nothing said of what to do instead
operation({ ...get, keys: 'newer' })
// @ts-expect-error: nothing said of whether keys may call it
operation({ ...base, method: 'GET', path: 'x/', effect: 'read' })

// @ts-expect-error: a GET with a body
operation({ ...get, body: () => ({}) })
// @ts-expect-error: a GET with an upload
operation({ ...get, upload: () => ({ fields: {}, fileName: 'a', from: { text: 'a' } }) })
// @ts-expect-error: a method this API does not have
operation({ ...get, method: 'PUT' })

// @ts-expect-error: an input for the query, which only a GET has
operation({ ...post, query: ['level'] })
// @ts-expect-error: a body made from an input that does not exist
operation({ ...post, body: ({ depth }) => ({ depth }) })
// @ts-expect-error: a guard that looks at an input that does not exist
operation({ ...post, guard: { of: 'object', path: 'x/', refuse: (_body, { depth }) => String(depth) } })
// @ts-expect-error: a guard that does not say what it reads
operation({ ...post, guard: { path: 'x/', refuse: () => undefined } })
// @ts-expect-error: a sentence made from an input that does not exist
operation({ ...post, reply: { kind: 'done', says: ({ depth }) => `${depth}` } })
// @ts-expect-error: a condition on an input that does not exist
operation({ ...post, destructiveWhen: { says: 'depth is set', is: ({ depth }) => depth === 1 } })

// @ts-expect-error: an effect that there is not
operation({ ...get, effect: 'none' })
// @ts-expect-error: a scope that PostHog does not know
operation({ ...get, scopes: ['exports:read'] })
// @ts-expect-error: a scope without its action
operation({ ...get, scopes: ['export'] })
// @ts-expect-error: a toolset that there is not
operation({ ...get, toolset: 'insights' })
// @ts-expect-error: a root that there is not
operation({ ...get, documented: ['organizations'] })
// @ts-expect-error: a way of paging that there is not
operation({ ...get, reply: { kind: 'list', row: z.string(), paging: 'cursor', limit: 1 } })
// @ts-expect-error: a list without its size
operation({ ...get, reply: { kind: 'list', row: z.string(), paging: 'none' } })
// @ts-expect-error: a deadline that there is not
operation({ ...get, deadline: 'forever' })

const { idempotent: _idempotent, ...forgetful } = get
// @ts-expect-error: nothing said of repeating it
operation(forgetful)
const { openWorld: _openWorld, ...closed } = get
// @ts-expect-error: nothing said of the outside world
operation(closed)
const { tier: _tier, ...untrusted } = get
// @ts-expect-error: nothing said of whom it is for
operation(untrusted)
