import { expect, test } from 'vitest'
import { type Start, useMcp } from '../fake/mcp.ts'
import { type Answer, type Script, useRecorder } from '../fake/recorder.ts'

const ORG = '0194d640-5db4-0000-6cde-48d6114c0f99'
const OTHER_ORG = '0194d640-5db4-0000-6cde-48d6114c0f00'
const empty: Answer = { json: { count: 0, next: null, results: [] } }

const start = async (options: Start = {}, script: Script = () => empty) => {
  const posthog = await useRecorder(script)
  const mcp = await useMcp({ origin: posthog.origin, ...options })
  const call = async (args: Record<string, unknown> = {}) => {
    const { isError = false, content } = await mcp.call('warehouse_tables_list', args)
    return { isError, text: content[0]?.text ?? '' }
  }
  return { posthog, mcp, call, paths: () => posthog.requests.map(({ path }) => path) }
}

const none = { env: { POSTHOG_PROJECT_ID: undefined } }
const routes =
  (answers: Readonly<Record<string, Answer>>): Script =>
  ({ path }) =>
    path.includes('/warehouse_tables/') ? empty : (answers[path] ?? { status: 403, json: { detail: 'no' } })

const projects = (...some: readonly (readonly [number, string])[]): Answer => ({
  json: { count: some.length, next: null, results: some.map(([id, name]) => ({ id, name, organization: ORG })) },
})
const key = (scoped_teams: readonly number[]): Answer => ({ json: { id: 'x', scopes: ['*'], scoped_teams } })
const oneOrg: Answer = { json: { count: 1, next: null, results: [{ id: ORG, name: 'Acme' }] } }

test.each<[string, Start, Record<string, unknown>, string]>([
  ['the variable', {}, {}, '/api/projects/7/warehouse_tables/'],
  ['the flag before the variable', { flags: ['--project', '9'] }, {}, '/api/projects/9/warehouse_tables/'],
  ['the call before both', { flags: ['--project', '9'] }, { project_id: 3 }, '/api/projects/3/warehouse_tables/'],
  ['the other root', {}, { environment_id: 3 }, '/api/environments/3/warehouse_tables/'],
])('the project comes from %s', async (_case, options, args, path) => {
  const { call, paths } = await start(options)
  expect(await call(args)).toMatchObject({ isError: false })
  expect(paths()).toEqual([path])
})

test('a locked project leaves no way to name another', async () => {
  const { mcp, call, paths } = await start({ flags: ['--project', '9', '--lock-project'] })
  const tools = await mcp.list()
  expect(tools).toHaveLength(58)
  expect(JSON.stringify(tools.map(({ inputSchema }) => inputSchema))).not.toMatch(/project_id|environment_id/)
  expect(mcp.instructions).toContain('project 9')
  expect(mcp.instructions).not.toContain('project_id')
  for (const name of ['project_id', 'environment_id']) {
    const { isError, text } = await call({ [name]: 3 })
    expect(isError).toBe(true)
    expect(text).toContain(`${name} is not an input`)
  }
  expect(paths()).toEqual([])
  await call()
  expect(paths()).toEqual(['/api/projects/9/warehouse_tables/'])
})

test('a key with exactly one project uses it, looked up once', async () => {
  const { call, paths } = await start(
    none,
    routes({
      '/api/personal_api_keys/@current': key([]),
      '/api/organizations/': oneOrg,
      [`/api/organizations/${ORG}/projects/`]: projects([12, 'Production']),
    }),
  )
  await Promise.all([call(), call()])
  expect(await call()).toMatchObject({ isError: false })
  expect(paths().filter((path) => !path.includes('warehouse_tables'))).toEqual([
    '/api/personal_api_keys/@current',
    '/api/organizations/',
    `/api/organizations/${ORG}/projects/`,
  ])
  expect(paths().filter((path) => path === '/api/projects/12/warehouse_tables/')).toHaveLength(3)
})

test('a key with several lists them, over all organizations, and calls nothing', async () => {
  const { call, paths } = await start(
    none,
    routes({
      '/api/personal_api_keys/@current': key([]),
      '/api/organizations/': { json: { results: [{ id: ORG }, { id: OTHER_ORG }], next: null } },
      [`/api/organizations/${ORG}/projects/`]: projects([12, 'Production'], [13, 'Staging']),
      [`/api/organizations/${OTHER_ORG}/projects/`]: projects([40, 'Shop']),
    }),
  )
  const { isError, text } = await call()
  expect(isError).toBe(true)
  expect(text).toContain('12 (Production), 13 (Staging), 40 (Shop)')
  expect(text).toContain('Call again with project_id')
  expect(paths().some((path) => path.includes('warehouse_tables'))).toBe(false)
  expect(await call({ project_id: 13 })).toMatchObject({ isError: false })
})

test('a key without the scope for organizations is asked to say which, for it may have others', async () => {
  const { call, paths } = await start(
    none,
    routes({ '/api/personal_api_keys/@current': key([]), '/api/projects/': projects([12, 'Production']) }),
  )
  const { isError, text } = await call()
  expect(isError).toBe(true)
  expect(text).toContain('may have others that it cannot list: 12 (Production)')
  expect(paths().some((path) => path.includes('warehouse_tables'))).toBe(false)
})

test('an organization that does not answer hides no project: the call asks again later', async () => {
  let busy = true
  const { call, paths } = await start(none, (request) =>
    busy && request.path.includes(OTHER_ORG)
      ? { status: 429, headers: { 'retry-after': '100' }, json: { detail: 'Request was throttled.' } }
      : routes({
          '/api/personal_api_keys/@current': key([]),
          '/api/organizations/': { json: { results: [{ id: ORG }, { id: OTHER_ORG }], next: null } },
          [`/api/organizations/${ORG}/projects/`]: projects([12, 'Production']),
          [`/api/organizations/${OTHER_ORG}/projects/`]: projects(),
        })(request),
  )
  const first = await call()
  expect(first).toMatchObject({ isError: true })
  expect(first.text).toContain('PostHog answered 429')
  expect(paths().some((path) => path.includes('warehouse_tables'))).toBe(false)
  busy = false
  expect(await call()).toMatchObject({ isError: false })
  expect(paths().at(-1)).toBe('/api/projects/12/warehouse_tables/')
})

test('projects beyond the first page count', async () => {
  const { call } = await start(none, ({ path, query }) => {
    const offset = query.find(([name]) => name === 'offset')?.[1]
    const page = offset === '0' ? projects([1, 'First']) : projects([2, 'Second'])
    if (path === `/api/organizations/${ORG}/projects/`)
      return { json: { ...(page.json as object), next: offset === '0' ? 'http://elsewhere/?offset=100' : null } }
    return routes({ '/api/personal_api_keys/@current': key([]), '/api/organizations/': oneOrg })({
      path,
      query,
    } as never)
  })
  expect((await call()).text).toContain('1 (First), 2 (Second)')
})

test('a key that may list nothing gets told what to do', async () => {
  const { call } = await start(none, routes({}))
  const { isError, text } = await call()
  expect(isError).toBe(true)
  expect(text).toContain('cannot be listed')
  expect(text).toContain('POSTHOG_PROJECT_ID')
})

test('a key scoped to one project says so itself', async () => {
  const { call, paths } = await start(none, routes({ '/api/personal_api_keys/@current': key([21]) }))
  expect(await call()).toMatchObject({ isError: false })
  expect(paths()).not.toContain('/api/organizations/')
  expect(paths().at(-1)).toBe('/api/projects/21/warehouse_tables/')
})

test('a key scoped to several lists those, with the names it may read', async () => {
  const { call } = await start(
    none,
    routes({
      '/api/personal_api_keys/@current': key([21, 22]),
      '/api/projects/21/': { json: { id: 21, name: 'Production' } },
    }),
  )
  const { text } = await call()
  expect(text).toContain('21 (Production), 22 (name not readable with this key)')
})

test.each<[string, Answer]>([
  ['a server error', { status: 500, json: { detail: 'A server error occurred.' } }],
  ['a refused key', { status: 401, json: { detail: 'invalid' } }],
])('a look-up that ended in %s is made again by the next call', async (_case, broken) => {
  let works = false
  const { call, paths } = await start(none, (request) =>
    works || request.path.includes('warehouse_tables')
      ? routes({ '/api/personal_api_keys/@current': key([21]) })(request)
      : broken,
  )
  const first = await call()
  expect(first.isError).toBe(true)
  expect(first.text).toContain('Nothing was changed.')
  works = true
  expect(await call()).toMatchObject({ isError: false })
  expect(paths().at(-1)).toBe('/api/projects/21/warehouse_tables/')
})

test('the name of a project cannot speak for the server', async () => {
  const { call } = await start(
    none,
    routes({
      '/api/personal_api_keys/@current': key([]),
      '/api/organizations/': oneOrg,
      [`/api/organizations/${ORG}/projects/`]: projects([12, 'A'], [13, `x phx_${'s'.repeat(30)}`]),
    }),
  )
  const { text } = await call()
  expect(text).toContain('12 (A)')
  expect(text).not.toContain('ssssss')
})
