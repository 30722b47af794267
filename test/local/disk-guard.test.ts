/** The share of the disk the local warehouse may take. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DiskGuard } from '../../src/local/disk-guard.ts'
import { hogql, startClient, until } from './http-client.ts'

const FULL = 'The local warehouse is full: its folder may take 1 bytes. Delete tables or materialized views.'

test('counts what is there and what is about to come', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'disk-'))
  await writeFile(join(directory, 'file'), 'x'.repeat(1_000))
  const guard = new DiskGuard(directory, 1_500)
  expect(await guard.refusal(500)).toBeUndefined()
  expect(await guard.refusal(1)).toBe(
    'The local warehouse is full: its folder may take 1500 bytes. Delete tables or materialized views.',
  )
  expect(await guard.refusal(0)).toBeUndefined()
  await rm(directory, { recursive: true })
})

test('a full warehouse refuses to grow and goes on answering', async () => {
  const client = await startClient({ maxBytes: 1 })
  expect(await client.upload('people', 'people.csv', 'id\n1\n')).toMatchObject({ status: 400, body: { message: FULL } })
  const made = await client.call('POST', 'warehouse_saved_queries/', { name: 'small', query: hogql('select 1 as one') })
  expect(made.status).toBe(201)
  const view = `warehouse_saved_queries/${made.body.id}`
  expect(await client.call('POST', `${view}/materialize/`)).toMatchObject({
    status: 400,
    body: { type: 'validation_error', code: 'invalid_input', detail: FULL, attr: null },
  })
  expect((await client.call('POST', `${view}/run/`)).status).toBe(200)
  const ran = await until(
    () => client.call('GET', `${view}/`),
    ({ status }) => status === 'Failed',
  )
  expect(ran.body).toMatchObject({ latest_error: FULL })
  expect(await client.rows('select one from small')).toEqual([[1]])
  await client.local.close()
})
