import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, connectMcp, type Result } from '../fake/mcp.ts'
import { type Recorder, startRecorder } from '../fake/recorder.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
const ROWS = `id,name\n${'1,ada\n'.repeat(900_000)}`
let home: string
let open: string
let upstream: Recorder
let mcp: Connection

beforeAll(async () => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'files-')))
  open = join(home, 'open')
  const outside = join(home, 'outside')
  for (const folder of [open, outside, join(open, 'sub')]) mkdirSync(folder)
  writeFileSync(join(open, 'rows.csv'), ROWS)
  writeFileSync(join(open, '..data.csv'), 'id\n1\n')
  writeFileSync(join(open, 'sub', 'deep.csv'), 'id\n2\n')
  writeFileSync(join(open, 'empty.csv'), '')
  writeFileSync(join(outside, 'secret.csv'), 'TOP SECRET')
  mkdirSync(join(home, 'open-too'))
  writeFileSync(join(home, 'open-too', 'x.csv'), 'TOP SECRET')
  symlinkSync(join(outside, 'secret.csv'), join(open, 'link.csv'))
  symlinkSync(outside, join(open, 'folder'))
  symlinkSync(join(open, 'sub', 'deep.csv'), join(open, 'inner.csv'))
  symlinkSync('/dev/zero', join(open, 'zero'))
  symlinkSync(join(open, 'loop'), join(open, 'loop'))
  execFileSync('mkfifo', [join(open, 'pipe')])
  writeFileSync(join(open, 'huge.csv'), '')
  truncateSync(join(open, 'huge.csv'), 52_428_801)
  upstream = await startRecorder()
  mcp = await connectMcp({ origin: upstream.origin, flags: ['--allow-dir', open] })
})
afterAll(async () => {
  await mcp.close()
  await upstream.close()
  rmSync(home, { recursive: true })
})

const textOf = ({ content }: Result) => content.map(({ text = '' }) => text).join('')
const upload = (args: Record<string, unknown>) => {
  upstream.script(({ method }) =>
    method === 'GET' ? { json: { results: [], count: 0 } } : { status: 201, json: { id: ID, name: 't' } },
  )
  return mcp.call('warehouse_tables_upload_file', { name: 't', ...args })
}
const posts = () => upstream.requests.filter(({ method }) => method === 'POST')

describe('an upload by path', () => {
  test('arrives whole, with its length announced', async () => {
    expect((await upload({ path: join(open, 'rows.csv') })).structuredContent).toMatchObject({ id: ID })
    const [post] = posts()
    expect(post?.body.includes(`\r\n\r\n${ROWS}\r\n--`)).toBe(true)
    expect(post?.headers['content-length']).toBe(String(Buffer.byteLength(post?.body ?? '')))
    expect(post?.headers['transfer-encoding']).toBeUndefined()
    expect(posts()).toHaveLength(1)
  })

  test.each([
    ['relative to the folder', 'sub/deep.csv', 'id\n2\n'],
    ['with dots that stay inside', 'sub/../sub/deep.csv', 'id\n2\n'],
    ['a name that begins with two dots', '..data.csv', 'id\n1\n'],
    ['a link that stays inside', 'inner.csv', 'id\n2\n'],
  ])('%s is taken', async (_what, path, bytes) => {
    expect((await upload({ path })).isError).toBeUndefined()
    expect(posts()[0]?.body).toContain(`\r\n\r\n${bytes}\r\n--`)
  })

  test.each([
    ['above the folder', '../outside/secret.csv', 'is not a file in a folder this server may use'],
    ['absolute and outside', '/etc/passwd', 'is not a file in a folder this server may use'],
    ['a link to a file outside', 'link.csv', 'is not a file in a folder this server may use'],
    ['a link to a folder outside', 'folder/secret.csv', 'is not a file in a folder this server may use'],
    ['a folder whose name only begins the same', '../open-too/x.csv', 'is not a file in a folder this server may use'],
    ['a link to itself', 'loop', 'is not a file in a folder this server may use'],
    ['a device behind a link', 'zero', 'is not a file in a folder this server may use'],
    ['a missing file', 'nothing.csv', 'is not a file in a folder this server may use'],
    ['the folder itself', '.', 'is not a file in a folder this server may use'],
    ['a folder', 'sub', 'sub is not a file'],
    ['a pipe', 'pipe', 'pipe is not a file'],
    ['a NUL', 'rows.csv\0.txt', 'is not a file in a folder this server may use'],
    ['more than 50 MB', 'huge.csv', 'huge.csv has 52428801 bytes; PostHog takes at most 52428800'],
  ])('%s is refused before anything is sent', async (_what, path, says) => {
    const result = await upload({ path })
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain(says)
    expect(textOf(result)).toContain('Nothing was changed.')
    expect(textOf(result)).not.toContain('SECRET')
    expect(posts()).toEqual([])
  })

  test('outside and missing are told in the same words', async () => {
    const words = async (path: string) => textOf(await upload({ path })).replaceAll(path, 'PATH')
    expect(await words(join(home, 'outside', 'secret.csv'))).toBe(await words(join(home, 'outside', 'nothing.csv')))
  })

  test('without an allowed folder says what the operator has to do', async () => {
    const other = await connectMcp({ origin: upstream.origin })
    try {
      upstream.script(() => ({ json: { results: [] } }))
      const path = join(open, 'rows.csv')
      expect(textOf(await other.call('warehouse_tables_upload_file', { name: 't', path }))).toBe(
        'No folder of this machine is open to this server.\nNothing was changed.\nThe operator of this server has to start it with --allow-dir FOLDER; an upload can also give its text as content.',
      )
      expect(posts()).toEqual([])
    } finally {
      await other.close()
    }
  })
})

describe('an upload of text', () => {
  test('arrives as it is', async () => {
    await upload({ content: 'id\n"ü 🦔"\r\n' })
    expect(posts()[0]?.body).toContain('\r\n\r\nid\n"ü 🦔"\r\n\r\n--')
    expect(posts()[0]?.headers['content-length']).toBe(String(Buffer.byteLength(posts()[0]?.body ?? '')))
  })

  test.each([
    ['both a path and content', { path: 'rows.csv', content: 'id\n1\n' }],
    ['neither', {}],
    ['more than 1 MiB', { content: 'x'.repeat(1_048_577) }],
  ])('%s is refused', async (_what, args) => {
    expect((await upload(args)).isError).toBe(true)
    expect(upstream.requests).toEqual([])
  })
})

describe('an exported file', () => {
  const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
  const serve = (body: Buffer | string, type: string) =>
    upstream.script(() => ({ body, headers: { 'content-type': type } }))
  const get = (args: Record<string, unknown> = {}) => mcp.call('exports_content', { id: 5, ...args })

  test('that is an image is an image block', async () => {
    serve(PNG, 'image/png')
    const { content, structuredContent } = await get()
    expect(content[1]).toEqual({ type: 'image', data: PNG.toString('base64'), mimeType: 'image/png' })
    expect(structuredContent).toEqual({ id: 5, content_type: 'image/png', bytes: 16, project_id: 7 })
  })

  test('that is small text is text', async () => {
    serve('a,b\n1,2\n', 'text/csv; charset=utf-8')
    expect((await get()).structuredContent).toEqual({
      id: 5,
      content_type: 'text/csv',
      bytes: 8,
      project_id: 7,
      text: 'a,b\n1,2\n',
    })
  })

  test.each([
    ['long text', 'x'.repeat(20_001), 'text/csv'],
    ['binary', PNG, 'application/pdf'],
    ['an image of 3 MB', Buffer.alloc(3_000_001), 'image/png'],
    ['an SVG', '<svg/>', 'image/svg+xml'],
  ])('that is %s needs save_to', async (_what, body, type) => {
    serve(body, type)
    const result = await get()
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain(`The file is there (${type}, ${body.length} bytes)`)
    expect(textOf(result)).toContain('save_to')
  })

  test('is saved whole, for its owner only, and never over another', async () => {
    serve(PNG, 'application/pdf')
    const { structuredContent } = await get({ save_to: 'report.pdf' })
    const saved = join(open, 'report.pdf')
    expect(structuredContent).toEqual({
      id: 5,
      content_type: 'application/pdf',
      bytes: 16,
      project_id: 7,
      saved_to: saved,
    })
    expect(readFileSync(saved)).toEqual(PNG)
    expect(statSync(saved).mode & 0o777).toBe(0o600)
    serve('other', 'application/pdf')
    const again = await get({ save_to: 'report.pdf' })
    expect(textOf(again)).toMatch(/^report\.pdf exists already\.\nNothing was changed\./)
    expect(readFileSync(saved)).toEqual(PNG)
  })

  test.each([
    '../out.pdf',
    '/tmp/out-of-here.pdf',
    'folder/out.pdf',
    'link.csv',
    'zero',
    'pipe',
    'sub',
    '.',
    '..',
    'no/such/x.pdf',
    'a\0b',
  ])('is not saved to %j', async (path) => {
    serve(PNG, 'application/pdf')
    const result = await get({ save_to: path })
    expect(result.isError).toBe(true)
    expect(textOf(result)).toMatch(/exists already|is not a file in a folder|cannot be written/)
    expect(readFileSync(join(home, 'outside', 'secret.csv'), 'utf8')).toBe('TOP SECRET')
  })

  test('of more than 50 MB is not taken', async () => {
    serve(Buffer.alloc(52_428_801), 'application/pdf')
    expect(textOf(await get({ save_to: 'big.pdf' }))).toContain('The reply of the server has more than 52428800 bytes.')
  })
})
