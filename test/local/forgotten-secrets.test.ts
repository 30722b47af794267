/** What stays on the disk of the secrets of deleted things. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hasPostgres, startPostgres } from '../services/postgres.ts'
import { startClient } from './http-client.ts'
import { startSources } from './sources-client.ts'

let directory: string
let state: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secrets-'))
  state = join(directory, 'state')
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

/** All there is to read in the files beside the engine's; read again where one took another's place meanwhile. */
const written = async (): Promise<string> => {
  for (;;) {
    const names = (await readdir(state, { withFileTypes: true })).filter((entry) => entry.isFile())
    const texts = await Promise.allSettled(names.map(({ name }) => readFile(join(state, name), 'utf8')))
    const missing = texts.find((text) => text.status === 'rejected')
    if (missing === undefined) return texts.map((text) => ('value' in text ? text.value : '')).join('\n')
    if (missing.reason?.code !== 'ENOENT') throw missing.reason
  }
}

const stateOf = async () => JSON.parse(await readFile(join(state, 'state.json'), 'utf8'))

test.each(['DELETE', 'PATCH'])('the keys of a bucket go with its table: %s', async (method) => {
  await writeFile(join(directory, 'x.csv'), 'a\n1\n')
  const client = await startClient({ directory: state, allowDirs: [directory] })
  const made = await client.call('POST', 'warehouse_tables/', {
    name: 'x',
    format: 'CSVWithNames',
    url_pattern: `file://${directory}/x.csv?signature=url-marker`,
    credential: { access_key: 'key-marker', access_secret: 'secret-marker' },
  })
  expect(made.status).toBe(201)
  for (const marker of ['key-marker', 'secret-marker', 'url-marker']) expect(await written()).toContain(marker)
  const gone = await client.call(
    method,
    `warehouse_tables/${made.body.id}/`,
    method === 'PATCH' ? { deleted: true } : undefined,
  )
  expect(gone.status).toBeLessThan(300)
  expect(await written()).not.toContain('-marker')
  expect((await stateOf()).tables).toMatchObject([
    { id: made.body.id, name: 'x', deleted: true, urlPattern: `file://${directory}/x.csv`, columns: [{ name: 'a' }] },
  ])
  await client.local.close()
})

test('what an earlier release kept of deleted things is gone when the next one has started', async () => {
  const client = await startClient({ directory: state })
  await client.local.close()
  const record = { project: 1, createdAt: '2026-01-01T00:00:00.000Z', createdBy: 1 }
  const credential = { id: 'c', createdAt: record.createdAt, accessKey: 'key-marker', accessSecret: 'secret-marker' }
  const table = { ...record, createdVia: 'api', viewId: null, name: 't', format: 'CSV', columns: [], options: {} }
  const address = { urlPattern: 'https://me:url-marker@bucket.example/x.csv?sig=url-marker', upload: null }
  const auth = { selection: 'password', username: 'jump', password: 'tunnel-marker', private_key: 'tunnel-marker' }
  const inputs = {
    connection_string: 'postgres://me:string-marker@db.example/shop',
    host: 'db.example',
    port: 5432,
    user: 'me',
    password: 'word-marker',
    ssh_tunnel: { enabled: true, host: 'jump.example', port: 22, auth, require_tls: { enabled: true } },
  }
  const job = {
    schemaId: 's',
    project: 1,
    createdAt: record.createdAt,
    workflowRunId: 'w',
    finishedAt: record.createdAt,
  }
  const older = {
    ...(await stateOf()),
    tables: [{ id: 't', ...table, ...address, credential, deleted: true }],
    sources: [{ id: 'o', ...record, sourceType: 'Postgres', prefix: null, inputs, deleted: true }],
    syncs: [{ id: 'j', sourceId: 'o', ...job, status: 'Failed', rowsSynced: 0, latestError: 'not word-marker' }],
  }
  await writeFile(join(state, 'state.json'), JSON.stringify(older))
  // What a kill in the middle of a write leaves.
  await writeFile(join(state, 'state.json.new'), JSON.stringify(older))
  const next = await startClient({ directory: state })
  expect(await written()).not.toContain('-marker')
  expect(await stateOf()).toMatchObject({
    tables: [{ name: 't', urlPattern: 'https://bucket.example/x.csv', credential: { id: 'c' } }],
    sources: [{ id: 'o', inputs: { host: 'db.example', user: 'me', ssh_tunnel: { host: 'jump.example' } } }],
    syncs: [{ id: 'j', latestError: 'not ***' }],
  })
  await next.local.close()
})

describe.skipIf(!hasPostgres())('a deleted source', () => {
  test('takes its password along, and leaves its history', async () => {
    const db = await startPostgres()
    try {
      await db.sql('CREATE TABLE t (id int PRIMARY KEY)')
      const api = await startSources({ directory: state })
      const schemas = [{ name: 't', should_sync: true, sync_type: 'full_refresh' }]
      const payload = { ...db.login, schema: 'public', schemas }
      const made = await api.call('POST', 'external_data_sources/', { source_type: 'Postgres', prefix: 'a', payload })
      const id = String(made.body.id)
      await api.settled(id, 't')
      expect(await written()).toContain(db.login.password)
      expect((await api.call('DELETE', `external_data_sources/${id}/`)).status).toBe(204)
      expect(await written()).not.toContain(db.login.password)
      expect(await stateOf()).toMatchObject({
        sources: [{ id, deleted: true, inputs: { host: '127.0.0.1', user: 'reader', database: 'shop' } }],
        syncs: [{ sourceId: id, status: 'Completed' }],
      })
      await api.local.close()
    } finally {
      await db.close()
    }
  })
})
