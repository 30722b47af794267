/** Every tool through each real client, the built program and the real local warehouse: a success and a failure each. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../tools/index.ts'
import { type Connection, connectMcp, type Era } from '../fake/mcp.ts'
import { type Bucket, startBucket } from '../services/bucket.ts'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'
import { startClient } from './http-client.ts'
import { type Exported, makeExports, playExports, playTree } from './tools-files.ts'
import { playManaged, playStatistics } from './tools-managed.ts'
import { type Tally, type ToolSession, toolSession } from './tools-session.ts'
import { fillShop, playBucket, playSourceForms, playSources } from './tools-sources.ts'
import { playTables, playViews } from './tools-tables.ts'

const UNKNOWN = '0194d649-0000-7000-8000-00000000ffff'

const absent = (name: string, args: Record<string, unknown> = {}) =>
  [name, { id: UNKNOWN, ...args }, 'PostHog answered 404'] as const
const elsewhere = (name: string, args: Record<string, unknown> = {}) =>
  [name, { project_id: 99, ...args }, 'this key knows no such project'] as const

/** Failures of tools that fail nowhere on the way of the scenes. */
const FAILURES: readonly (readonly [name: string, args: Record<string, unknown>, text: string])[] = [
  elsewhere('warehouse_tables_list'),
  absent('warehouse_tables_update', { name: 'renamed' }),
  absent('warehouse_tables_delete'),
  absent('warehouse_tables_refresh_schema'),
  elsewhere('external_data_sources_list'),
  absent('external_data_sources_reload'),
  absent('external_data_sources_delete'),
  elsewhere('warehouse_saved_queries_list'),
  absent('warehouse_saved_queries_get'),
  absent('warehouse_saved_queries_activity'),
  absent('warehouse_saved_queries_ancestors'),
  absent('warehouse_saved_queries_descendants'),
  absent('warehouse_saved_queries_dependencies'),
  absent('warehouse_saved_queries_materialize'),
  absent('warehouse_saved_queries_revert_materialization'),
  absent('warehouse_saved_queries_run'),
  absent('warehouse_saved_queries_run_history'),
  elsewhere('warehouse_saved_queries_resume_schedules', { view_ids: [UNKNOWN] }),
  elsewhere('data_warehouse_running_activity'),
  elsewhere('data_warehouse_total_rows_stats'),
  elsewhere('data_warehouse_data_health_issues'),
  elsewhere('data_warehouse_data_ops_dashboard'),
  elsewhere('file_system_list'),
  absent('file_system_delete'),
]

const names = operations.map(({ name }) => name).sort()
const isHere = hasPostgres()
let postgres: Postgres | undefined
let bucket: Bucket

beforeAll(async () => {
  bucket = await startBucket()
  if (!isHere) return
  postgres = await startPostgres()
  await fillShop(postgres)
})
afterAll(async () => {
  await postgres?.close()
  await bucket.close()
})

describe.each<Era>(['legacy', 'modern', 'v1'])('on the local warehouse, %s client', (era) => {
  const tally: Tally = { succeeded: new Set(), failed: new Set() }
  let root = ''
  let folder = ''
  let exported: Exported
  let mcp: Connection
  let session: ToolSession

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'tools-state-'))
    folder = await mkdtemp(join(tmpdir(), 'tools-files-'))
    await writeFile(join(folder, 'people.csv'), 'id,name,joined\n1,Ada,2026-01-02\n2,Bo,2026-02-03\n')
    await writeFile(join(folder, 'visits.csv'), 'person,page\n1,home\n1,docs\n2,home\n')
  })
  afterAll(async () => {
    await mcp?.close()
    for (const each of [root, folder]) await rm(each, { recursive: true, force: true })
  })

  it('lives through the managed warehouse, on a clock that is pushed', async () => {
    const client = await startClient({ directory: root, sessionActions: 'allow', admin: true })
    exported = await makeExports(client)
    const env = { POSTHOG_PERSONAL_API_KEY: client.local.key, POSTHOG_PROJECT_ID: undefined }
    const first = await connectMcp({ era, origin: client.local.origin, env, flags: ['--reveal-passwords'] })
    try {
      await playManaged(toolSession(first, tally), client)
      // Only the warehouse that the program started itself may send it to plain-http storage.
      expect(await toolSession(first, tally).fails('exports_content', { id: exported.text })).toContain('not https')
    } finally {
      await first.close()
      await client.local.close()
    }
  })

  it('takes up the same state with --local, and has had no run yet', async () => {
    mcp = await connectMcp({
      era,
      flags: ['--local', root, '--session-actions', 'allow', '--allow-dir', folder, '--allow-http-buckets'],
      env: { POSTHOG_PERSONAL_API_KEY: undefined, POSTHOG_PROJECT_ID: undefined },
    })
    session = toolSession(mcp, tally)
    await playStatistics(session)
  })

  it('links, uploads, retypes, renames and deletes tables', () => playTables(session, folder))
  it('creates, runs, traces, cancels and deletes views', () => playViews(session))
  it('reads exports as picture, text and file', () => playExports(session, folder, exported))
  it('files, counts and deletes what is in the tree', () => playTree(session))
  it('tells what a source needs', () => playSourceForms(session))
  it.skipIf(!isHere)('connects, follows, changes and deletes a source', async () => {
    if (postgres !== undefined) await playSources(session, postgres)
  })
  it('connects, follows and deletes a bucket', () => playBucket(session, bucket))
  it.each(FAILURES)('%s fails', async (name, args, text) => {
    expect(await session.fails(name, args)).toContain(text)
  })

  it.skipIf(!isHere)('showed 54 successes and 54 failures', () => {
    expect([...tally.succeeded].sort()).toEqual(names)
    expect([...tally.failed].sort()).toEqual(names)
    expect([tally.succeeded.size, tally.failed.size]).toEqual([54, 54])
  })
})
