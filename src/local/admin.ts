import { createHash, timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import type { FaultBook } from './faults/fault-book.ts'
import { readFaults } from './faults/fault-rules.ts'
import { newToken } from './keys.ts'
import { setSwitches, switchesInput } from './managed/switches.ts'
import { issue } from './oauth/grants.ts'
import { ORGANIZATIONS, type Owner, PROJECTS, USERS } from './seed.ts'
import { timestamp, type World } from './world.ts'

// The names are written once, in the seed; Object.keys forgets that it has exactly these.
const owner = z.enum(Object.keys(USERS) as Owner[])
const rights = {
  scopes: z.array(z.string().min(1)),
  projects: z.array(z.literal(PROJECTS.map(({ id }) => id))).default([]),
  organizations: z.array(z.literal(ORGANIZATIONS.map(({ id }) => id))).default([]),
}
const clockInput = z.strictObject({
  advance_ms: z
    .int()
    .min(0)
    .max(3_650 * 86_400_000),
})
const keyInput = z.strictObject({ label: z.string().min(1), owner: owner.default('admin'), ...rights })
const tokenInput = z.strictObject({
  /** null for a token whose person is gone. */
  owner: owner.nullable().default('admin'),
  /** false for a token without application. */
  application: z.boolean().default(true),
  ...rights,
})

const APPLICATION = 'admin-door'

class Refusal extends Error {}

const LONGEST_BODY = 1_048_576
const limited = bodyLimit({
  maxSize: LONGEST_BODY,
  onError: (c) => c.json({ error: `The body is longer than ${LONGEST_BODY} bytes.` }, 413),
})

const read = async <T>(c: Context, schema: z.ZodType<T>): Promise<T> => {
  const { data, error } = schema.safeParse(await c.req.json().catch(() => undefined))
  if (error === undefined) return data
  const [issue] = error.issues
  throw new Refusal(`${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'wrong'}`)
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** An OAuth token without the way through the consent page, also for the states that way cannot reach. */
const makeToken = async (world: World, c: Context): Promise<Response> => {
  const input = await read(c, tokenInput)
  const { clients } = world.store.state.oauth
  if (!clients.some(({ id }) => id === APPLICATION)) {
    clients.push({
      id: APPLICATION,
      name: 'Admin door',
      redirectUris: [],
      grantTypes: ['refresh_token'],
      authMethod: 'none',
      secretHash: null,
      scopes: null,
    })
  }
  const { access, refresh } = issue(world, {
    clientId: input.application ? APPLICATION : null,
    userId: input.owner === null ? null : USERS[input.owner].id,
    scopes: input.scopes,
    scopedTeams: input.projects,
    scopedOrganizations: input.organizations,
  })
  await world.store.save()
  return c.json({ access_token: access, refresh_token: refresh, client_id: APPLICATION }, 201)
}

const makeKey = async (world: World, c: Context): Promise<Response> => {
  const token = newToken()
  world.keys.add(token, await read(c, keyInput), timestamp(world))
  return c.json({ key: token }, 201)
}

/**
 * `/_admin`, the door for tests: pushes the clock, sets faults, makes keys and OAuth tokens for this run, and says how
 * provisioning is set up. It opens only to the token its starter was given, which no API key replaces. Nothing of it exists upstream.
 */
export const adminApp = (world: World, faults: FaultBook, token: string): Hono => {
  const app = new Hono({ strict: false })
  const expected = digest(token)
  app.onError((error, c) => {
    if (error instanceof Refusal) return c.json({ error: error.message }, 400)
    throw error
  })
  app.use('*', (c, next) =>
    timingSafeEqual(digest(c.req.header('X-Admin-Token') ?? ''), expected)
      ? next()
      : Promise.resolve(c.json({ error: 'The header X-Admin-Token is missing or wrong.' }, 403)),
  )
  app.use('*', limited)
  app.get('/clock', (c) => c.json({ now: timestamp(world) }))
  app.post('/clock', async (c) => {
    world.alarms.advance((await read(c, clockInput)).advance_ms)
    return c.json({ now: timestamp(world) })
  })
  app.get('/faults', (c) => c.json({ faults: faults.list() }))
  app.post('/faults', async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined)
    try {
      faults.add(readFaults(body))
    } catch (error) {
      throw new Refusal(error instanceof Error ? error.message : 'wrong')
    }
    return c.json({ faults: faults.list() }, 201)
  })
  app.delete('/faults', (c) => {
    faults.clear()
    return c.body(null, 204)
  })
  app.post('/keys', (c) => makeKey(world, c))
  app.post('/tokens', (c) => makeToken(world, c))
  app.post('/managed', async (c) => c.json(await setSwitches(world, await read(c, switchesInput))))
  return app
}
