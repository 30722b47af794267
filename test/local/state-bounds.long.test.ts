/** How much the state remembers. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { emptyState, type State, type TableRecord, type ViewRecord } from '../../src/local/state.ts'
import { Store } from '../../src/local/store.ts'
import { hasPostgres, startPostgres } from '../services/postgres.ts'
import { startSources } from './sources-client.ts'
import { openBench } from './tree-setup.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bounds-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const at = '2026-01-01T00:00:00.000Z'

const viewOf = (id: string, deleted: boolean, sql = 'select 1'): ViewRecord => ({
  id,
  project: 1,
  createdAt: at,
  createdBy: 1,
  name: id,
  query: { kind: 'HogQLQuery', query: sql },
  columns: [],
  description: null,
  updatedAt: at,
  status: null,
  isMaterialized: true,
  cadence: null,
  tableId: null,
  revision: 'r',
  parents: [],
  suspended: {},
  deleted,
})

const tableOf = (id: string, deleted: boolean): TableRecord => ({
  id,
  project: 1,
  createdAt: at,
  createdBy: 1,
  createdVia: 'api',
  viewId: null,
  name: id,
  format: 'CSV',
  urlPattern: 'https://bucket.example/x.csv',
  credential: null,
  columns: [],
  options: {},
  upload: null,
  deleted,
})

const jobOf = (viewId: string, status: State['jobs'][number]['status']) => ({
  id: randomUUID(),
  viewId,
  startedAt: at,
  status,
  error: null,
})

const lineOf = (viewId: string, text = '') => {
  const change = {
    type: 'DataWarehouseSavedQuery',
    action: 'changed',
    field: 'query',
    before: text,
    after: text,
  } as const
  return {
    id: randomUUID(),
    viewId,
    project: 1,
    userId: 1,
    activity: 'updated',
    name: 'v',
    changes: [change],
    createdAt: at,
  }
}

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at))

/** What the next process finds of a state, and what it leaves on the disk. */
const reopened = async (change: (state: State) => void): Promise<State> => {
  const state = emptyState()
  change(state)
  await writeFile(join(directory, 'state.json'), JSON.stringify(state))
  const store = await Store.open(directory)
  await store.close()
  const written: State = JSON.parse(await readFile(join(directory, 'state.json'), 'utf8'))
  expect(written).toEqual(JSON.parse(JSON.stringify(store.state)))
  return written
}

describe('the history of views', () => {
  test('has the newest thousand runs and lines of each', async () => {
    const jobs = times(1_500, () => jobOf('busy', 'Completed'))
    const lines = times(1_500, () => lineOf('busy'))
    const idle = [jobOf('idle', 'Failed'), lineOf('idle')] as const
    const state = await reopened(({ views, ...rest }) => {
      views.push(viewOf('busy', false), viewOf('idle', false))
      rest.jobs.push(idle[0], ...jobs)
      rest.activity.push(idle[1], ...lines)
    })
    expect(state.jobs.map(({ id }) => id)).toEqual([idle[0], ...jobs.slice(500)].map(({ id }) => id))
    expect(state.activity.map(({ id }) => id)).toEqual([idle[1], ...lines.slice(500)].map(({ id }) => id))
    expect(state.views).toHaveLength(2)
  })

  test('has ten thousand in all, and never loses how a view is now', async () => {
    const rare = [jobOf('rare', 'Completed'), jobOf('rare', 'Failed'), lineOf('rare')] as const
    const state = await reopened(({ views, jobs, activity }) => {
      views.push(viewOf('rare', false), ...times(20, (index) => viewOf(`v${index}`, false)))
      jobs.push(rare[0], rare[1], ...times(12_000, (index) => jobOf(`v${index % 20}`, 'Completed')))
      activity.push(lineOf('rare'), rare[2], ...times(12_000, (index) => lineOf(`v${index % 20}`)))
    })
    expect(state.jobs).toHaveLength(10_002)
    expect(state.jobs.slice(0, 2).map(({ id }) => id)).toEqual([rare[0].id, rare[1].id])
    expect(state.activity).toHaveLength(10_001)
    expect(state.activity[0]?.id).toBe(rare[2].id)
  })

  test('is bounded by its size, because each change of a view holds its SQL twice', async () => {
    const lines = times(20, () => lineOf('v', 'x'.repeat(500_000)))
    const state = await reopened(({ views, activity }) => {
      views.push(viewOf('v', false))
      activity.push(...lines)
    })
    expect(state.activity.map(({ id }) => id)).toEqual(lines.slice(-7).map(({ id }) => id))
  })
})

describe('what was deleted', () => {
  test('is remembered a thousand times, with its history, and what is there stays', async () => {
    const state = await reopened(({ views, tables, jobs, activity }) => {
      for (const index of times(1_200, (each) => each)) {
        views.push(viewOf(`gone${index}`, true), viewOf(`here${index}`, false))
        tables.push(tableOf(`gone${index}`, true), tableOf(`here${index}`, false))
        jobs.push(jobOf(`gone${index}`, 'Completed'))
        activity.push(lineOf(`gone${index}`))
      }
    })
    for (const list of [state.views, state.tables]) {
      expect(list.filter(({ deleted }) => !deleted)).toHaveLength(1_200)
      expect(list.filter(({ deleted }) => deleted).map(({ id }) => id)).toEqual(
        times(1_000, (index) => `gone${index + 200}`),
      )
    }
    for (const list of [state.jobs, state.activity]) {
      expect(list.map(({ viewId }) => viewId)).toEqual(times(1_000, (index) => `gone${index + 200}`))
    }
  })

  test('is bounded by its size', async () => {
    const state = await reopened(({ views }) => {
      views.push(...times(10, (index) => viewOf(`gone${index}`, true, 'x'.repeat(1_000_000))))
    })
    expect(state.views.map(({ id }) => id)).toEqual(['gone7', 'gone8', 'gone9'])
  })

  test('takes the runs of its source along', async () => {
    const source = { project: 1, createdAt: at, sourceType: 'Postgres', inputs: {} }
    const job = { project: 1, createdAt: at, status: 'Completed', latestError: null }
    const state = await reopened(({ sources, schemas, syncs }) => {
      for (const index of times(1_001, (each) => each)) {
        // The fields these rules look at.
        sources.push({ ...source, id: `o${index}`, deleted: true } as unknown as State['sources'][number])
        const schema = { id: `s${index}`, sourceId: `o${index}`, columns: [], deleted: false }
        schemas.push(schema as unknown as State['schemas'][number])
        const run = { ...job, id: `j${index}`, sourceId: `o${index}`, schemaId: `s${index}` }
        syncs.push(run as unknown as State['syncs'][number])
      }
    })
    expect(state.sources[0]?.id).toBe('o1')
    expect([state.sources, state.schemas, state.syncs].map(({ length }) => length)).toEqual([1_000, 1_000, 1_000])
  })
})

test('views of the tree and OAuth are bounded, and an application that is used stays', async () => {
  const terms = { userId: 1, scopes: [], scopedTeams: [], scopedOrganizations: [] }
  const client = {
    name: 'x'.repeat(999_000),
    redirectUris: [],
    grantTypes: [],
    authMethod: 'none',
    secretHash: null,
    scopes: null,
  } as const
  const state = await reopened(({ tree, oauth }) => {
    tree.viewed.push(
      ...times(10_005, (index) => ({ user: 1, project: 1, type: 'insight', ref: `${index}`, viewedAt: at })),
    )
    oauth.clients.push(...times(10, (index) => ({ ...client, id: `c${index}` })))
    oauth.grants.push(
      { ...terms, id: 'old', clientId: 'c9', createdAt: at },
      { ...terms, id: 'new', clientId: 'c0', createdAt: at },
    )
    const token = { mask: '', kind: 'refresh', expiresAt: 0, usedAt: null } as const
    oauth.tokens.push({ ...token, hash: 'first', grant: 'old' })
    oauth.tokens.push(...times(10_000, (index) => ({ ...token, hash: `${index}`, grant: 'new' })))
    const code = { ...terms, clientId: 'c0', redirectUri: '', challenge: '', expiresAt: 0 }
    oauth.codes.push(...times(1_001, (index) => ({ ...code, hash: `${index}` })))
  })
  expect([state.tree.viewed.length, state.tree.viewed[0]?.ref]).toEqual([10_000, '5'])
  expect([state.oauth.tokens.length, state.oauth.grants.map(({ id }) => id)]).toEqual([10_000, ['new']])
  expect([state.oauth.codes.length, state.oauth.codes[0]?.hash]).toEqual([1_000, '1'])
  expect(state.oauth.clients.map(({ id }) => id)).toEqual(['c0', 'c6', 'c7', 'c8', 'c9'])
})

test('exports are bounded by what they were asked, and their files go with them', async () => {
  const answer = { columns: [], rows: [], hasMore: false, limit: 100, offset: 0, bytes: 0, executed: '' }
  const bench = await openBench({ directory, query: async () => answer })
  const source = { kind: 'HogQLQuery', query: 'select 1' }
  const wide = { source, note: 'x'.repeat(3_000_000) }
  for (let turn = 0; turn < 4; turn += 1) {
    const made = await bench.ask('POST', 'exports/', { export_format: 'text/csv', export_context: wide })
    expect(made.body).toMatchObject({ id: turn + 1, has_content: true })
  }
  expect((await bench.ask('GET', 'exports/')).body).toMatchObject({ results: [{ id: 4 }, { id: 3 }, { id: 2 }] })
  expect((await readdir(join(directory, 'exports'))).sort()).toEqual(['2', '3', '4'])
  await bench.close()
})

describe.skipIf(!hasPostgres())('what a source says of a failed sync', () => {
  test('is kept in its first two thousand characters', async () => {
    const db = await startPostgres()
    try {
      await db.sql("CREATE VIEW wordy AS SELECT (repeat('x', 5000) || pg_backend_pid())::int AS n")
      const api = await startSources({ directory })
      const schemas = [{ name: 'wordy', should_sync: true, sync_type: 'full_refresh' }]
      const payload = { ...db.login, schema: 'public', schemas }
      const made = await api.call('POST', 'external_data_sources/', { source_type: 'Postgres', prefix: 'a', payload })
      const { latest_error } = await api.settled(made.body.id, 'wordy')
      const start = 'invalid input syntax for type integer: "'
      const kept = start.padEnd(2_000, 'x')
      expect(latest_error).toBe(kept)
      const jobs = await api.call('GET', `external_data_sources/${String(made.body.id)}/jobs/`)
      expect(jobs.body).toMatchObject([{ status: 'Failed', latest_error: kept }])
      await api.local.close()
    } finally {
      await db.close()
    }
  })
})
