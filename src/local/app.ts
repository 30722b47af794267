import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  authenticate,
  permitAccess,
  permitAccount,
  permitOrganization,
  permitProject,
  refuseMethod,
  requireMapping,
  resolveOrganization,
  resolveProject,
} from './auth.ts'
import { drain } from './drain.ts'
import { ApiError, crashed, notFound, saying, tooLarge } from './errors.ts'
import type { FaultBook } from './faults/fault-book.ts'
import { faulty } from './faults/fault-replies.ts'
import { type Body, readBody } from './fields.ts'
import type { ApiKey } from './keys.ts'
import { limitBody } from './oauth/oauth-wire.ts'
import type { Call, OpenRoute, ProjectCall, Reply, Route } from './route.ts'
import { EVERY_CALL, type Limit, Throttle } from './throttle.ts'
import { isForm, MAX_FILE, TOO_LARGE } from './upload.ts'
import type { World } from './world.ts'

const MAX_BODY = 20_971_520
// The parts of a form around the file itself.
const FORM_SLACK = 1_048_576

const PAGE = '<!doctype html><title>Local warehouse</title><p>The API is below /api.</p>'

const toCall = (c: Context, key: ApiKey): Call => {
  let body: Promise<Body> | undefined
  return {
    key,
    url: new URL(c.req.url),
    request: c.req.raw,
    signal: c.req.raw.signal,
    param: (name) => c.req.param(name) ?? '',
    json: () => {
      body ??= readBody(c.req.raw)
      return body
    },
  }
}

const toResponse = (reply: Reply): Response =>
  reply.body === undefined
    ? new Response(reply.bytes ?? null, { status: reply.status, headers: { ...reply.headers } })
    : Response.json(reply.body, { status: reply.status, headers: { ...reply.headers } })

const fail = (error: ApiError): Response =>
  error.body === null
    ? new Response(null, { status: error.status, headers: error.headers })
    : Response.json(error.body, { status: error.status, headers: error.headers })

/** Newer releases say in every 401 where a client learns how to sign in (fact sheet: cross-cutting 3.1). */
const challenge = (world: World, c: Context, response: Response): Response => {
  if (response.status === 401 && world.editions.tables === 'L') {
    const { origin } = new URL(c.req.url)
    const metadata = `${origin}/.well-known/oauth-protected-resource`
    response.headers.set('WWW-Authenticate', `Bearer resource_metadata="${metadata}"`)
  }
  return response
}

/** Counts a call of a personal key; sessions and OAuth tokens are not counted (fact sheet: cross-cutting 7). */
const count = (world: World, throttle: Throttle, key: ApiKey, limits: readonly Limit[]): void => {
  if (!world.throttles || key.kind !== 'personal') return
  for (const limit of limits) throttle.hit(limit, key.id)
}

/** The counters of a project route: its own, its budget, or every call's. */
const countProject = async (
  world: World,
  throttle: Throttle,
  route: Extract<Route, { at: 'project' }>,
  call: ProjectCall,
): Promise<void> => {
  if (route.limit !== undefined) throttle.hit(route.limit, `${call.project.id}:${call.param('id')}`)
  else if (world.throttles) count(world, throttle, call.key, (await route.budget?.(call)) ?? EVERY_CALL)
}

/** Permissions, throttle and handler, in upstream's order (fact sheet: cross-cutting 2, order of checks). */
const perform = async (world: World, throttle: Throttle, route: Route, call: Call): Promise<Reply> => {
  requireMapping(call.key, route.scopes, world.sessionActions)
  switch (route.at) {
    case 'project': {
      const project = resolveProject(call.param('project'), call.key, route.scopes)
      permitProject(call.key, project, route.scopes)
      if (world.editions.tables === 'L') permitAccess(call.key, project, route)
      const within = { ...call, project }
      await countProject(world, throttle, route, within)
      return route.run(within)
    }
    case 'organization': {
      const organization = resolveOrganization(call.param('organization'), call.key)
      permitOrganization(call.key, organization, route.scopes)
      count(world, throttle, call.key, EVERY_CALL)
      return route.run({ ...call, organization })
    }
    default:
      permitAccount(call.key, route.at, route.scopes)
      count(world, throttle, call.key, EVERY_CALL)
      return route.run(call)
  }
}

const handler = (world: World, throttle: Throttle, route: Route) => async (c: Context) => {
  const key = await authenticate(c.req.raw, world)
  key.lastUsedAt = new Date(world.clock()).toISOString()
  const reply = await perform(world, throttle, route, toCall(c, key))
  // What was answered must survive a crash.
  if (c.req.method !== 'GET') await world.store.save()
  return toResponse(reply)
}

/** Only a form holds a file; bodies of other types are read for a key before anybody is known. */
const isUpload = (c: Context): boolean =>
  /\/warehouse_tables\/file\/?$/.test(c.req.path) && isForm(c.req.header('content-type') ?? '')

/** `/api/environments/:id` is the same as `/api/projects/:id` (fact sheet: cross-cutting 2). */
const pathsOf = (route: Route): readonly string[] =>
  route.at === 'project'
    ? [`/api/projects/:project${route.path}`, `/api/environments/:project${route.path}`]
    : [`/api${route.path}`]

/** What surrounds the API when the operator asks for it. */
export interface Surroundings {
  readonly faults?: FaultBook
  /** The application below `/_admin`. */
  readonly admin?: Hono
}

/** The whole API as one application; the trailing slash is optional everywhere. */
export const createApp = (
  world: World,
  routes: readonly Route[],
  open: readonly OpenRoute[] = [],
  { faults, admin }: Surroundings = {},
): Hono => {
  const app = new Hono({ strict: false })
  const throttle = new Throttle(world.clock)
  app.onError((error, c) => {
    if (error instanceof ApiError) return challenge(world, c, fail(error))
    world.log(error.stack ?? error.message)
    return fail(crashed())
  })
  app.get('/_health', (c) => c.text('ok'))
  if (faults !== undefined) app.use('*', faulty(world, faults))
  if (admin !== undefined) app.route('/_admin', admin)
  app.use('/oauth/*', limitBody)
  for (const { method, path, run } of open) app.on(method, path, (c) => run(c.req.raw))
  const tooLong = bodyLimit({ maxSize: MAX_BODY, onError: () => fail(tooLarge()) })
  const tooBig = bodyLimit({
    maxSize: MAX_FILE + FORM_SLACK,
    onError: async (c) => {
      await drain(c.req.raw)
      return fail(saying(TOO_LARGE))
    },
  })
  app.use('/api/*', (c, next) => (isUpload(c) ? tooBig : tooLong)(c, next))
  for (const route of routes) {
    for (const path of pathsOf(route)) app.on(route.method, path, handler(world, throttle, route))
  }
  for (const path of new Set(routes.flatMap(pathsOf))) {
    app.all(path, async (c) => {
      await authenticate(c.req.raw, world)
      return refuseMethod(c.req.method, world.sessionActions)
    })
  }
  app.all('/api/*', () => fail(notFound('Endpoint not found.')))
  app.all('/_admin/*', () => fail(notFound('Endpoint not found.')))
  app.all('*', (c) => c.html(PAGE))
  return app
}
