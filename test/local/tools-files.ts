import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PNG } from 'pngjs'
import { expect } from 'vitest'
import { type Client, hogql } from './http-client.ts'
import type { ToolSession } from './tools-session.ts'

const WORKBOOK = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** Ids of exports by what is to be done with them. */
export type Exported = Readonly<Record<'picture' | 'text' | 'workbook' | 'failed', unknown>>

/** Makes the exports, which no documented operation does, over the API with the warehouse's key. */
export const makeExports = async (client: Client): Promise<Exported> => {
  const make = async (format: string, query: string) => {
    const { status, body } = await client.call('POST', 'exports/', {
      export_format: format,
      export_context: { source: hogql(query) },
    })
    expect(status).toBe(201)
    return body.id
  }
  const query = "select 7 as n, 'Ada' as name"
  return {
    picture: await make('image/png', query),
    text: await make('text/csv', query),
    workbook: await make(WORKBOOK, query),
    failed: await make('text/csv', 'select * from nowhere'),
  }
}

/** Reads the exports: a picture and text in the result, a workbook into the allowed folder. */
export const playExports = async (
  { result, ok, fails }: ToolSession,
  folder: string,
  exported: Exported,
): Promise<void> => {
  const [about, image] = (await result('exports_content', { id: exported.picture })).content
  expect(JSON.parse(about?.text ?? '')).toMatchObject({ content_type: 'image/png' })
  expect(image).toMatchObject({ type: 'image', mimeType: 'image/png' })
  expect(PNG.sync.read(Buffer.from(String(image?.data), 'base64')).width).toBeGreaterThan(50)
  expect(await ok('exports_content', { id: exported.text })).toMatchObject({
    content_type: 'text/csv',
    text: 'n,name\n7,Ada\n',
  })
  expect(await fails('exports_content', { id: exported.workbook })).toContain('Call again with save_to')
  const workbook = { id: exported.workbook, save_to: 'names.xlsx' }
  const saved = await ok('exports_content', workbook)
  const bytes = await readFile(join(folder, 'names.xlsx'))
  expect(saved).toMatchObject({ content_type: WORKBOOK, bytes: bytes.length })
  expect(bytes.subarray(0, 2).toString()).toBe('PK')
  expect(await fails('exports_content', workbook)).toContain('names.xlsx exists already')
  expect(await fails('exports_content', { id: exported.failed })).toContain('Unknown table `nowhere`.')
  expect(await fails('exports_content', { id: 9_999 })).toContain('The export has expired')
}

/** The tree, with the deletion of an object through its only entry. */
export const playTree = async ({ ok, fails }: ToolSession): Promise<void> => {
  const folder = await ok('file_system_create', { path: 'Reports', type: 'folder' })
  const made = await ok('file_system_create', {
    path: 'Reports/Sales',
    type: 'dashboard',
    ref: '1',
    meta: { by: 'us' },
  })
  await ok('file_system_create', { path: 'Reports/Notes', type: 'notebook', ref: 'nobody-made-it' })
  expect(await fails('file_system_create', { path: 'x', type: 'folder', project_id: 99 })).toContain(
    'this key knows no such project',
  )
  const below = await ok('file_system_list', { parent: 'Reports' })
  expect(below).toMatchObject({ total: 2, results: [{ path: 'Reports/Notes' }, { path: 'Reports/Sales' }] })
  expect(await ok('file_system_get', { id: made.id })).toMatchObject({ ref: '1', meta: { by: 'us' } })
  expect(await ok('file_system_update', { id: made.id, path: 'Reports/Sales now' })).toMatchObject({
    path: 'Reports/Sales now',
  })
  expect(await fails('file_system_update', { id: folder.id, path: 'Elsewhere' })).toContain(
    'would leave everything in it behind',
  )
  expect(await ok('file_system_count', { id: folder.id })).toMatchObject({
    count: 2,
    entries: [{ path: 'Reports/Notes' }, { path: 'Reports/Sales now', ref: '1' }],
  })
  expect(await fails('file_system_count', { id: made.id })).toContain('folder')
  expect(await ok('file_system_delete', { id: folder.id })).toMatchObject({
    deleted: [{ type: 'dashboard', ref: '1', path: 'Reports/Sales now', mode: 'soft', can_undo: true }],
  })
  expect(await fails('file_system_get', { id: made.id })).toContain('does not mean that it was deleted')
  expect(await ok('file_system_list', { parent: 'Reports' })).toMatchObject({ total: 0, results: [] })
}
