import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toPath, toSegment } from '../../src/request.ts'
import { operations } from '../../tools/index.ts'
import { requests } from '../calls/requests.ts'
import { type Connection, connectMcp } from '../fake/mcp.ts'
import { type Recorder, startRecorder } from '../fake/recorder.ts'

/** Values that would leave their path segment, or the API, if they were joined as they are. */
const CLIMBERS = [
  '..',
  '.',
  '../',
  '../../../users/@me',
  '../../../../admin',
  '..\\..\\x',
  '%2e%2e',
  '%2E%2E%2F%2e%2e%2fx',
  '%252e%252e%252f',
  '..%2f..%2fx',
  '..;/x',
  './x',
  'a/b',
  '/etc/passwd',
  '//evil.example.com/x',
  'https://evil.example.com/',
  '\\\\evil.example.com\\x',
  'a?x=1',
  'a#b',
  'a&b=c',
  '@current',
]
const ODD = [
  '',
  ' ',
  '\0',
  'a\0b',
  'a\nb',
  'a\r\nHost: evil',
  '\u202e\u2066',
  '．．／',
  'ü🦔',
  '\ud800',
  'x'.repeat(10_000),
]
const HOSTILE = [...CLIMBERS, ...ODD]

describe('a segment', () => {
  test('the attack works where values are joined as they are', () => {
    const naive = (id: string) => new URL(`/api/projects/7/warehouse_tables/${id}/`, 'https://us.posthog.com').href
    expect(naive('../../../users/@me')).toBe('https://us.posthog.com/api/users/@me/')
    expect(naive('%2e%2e/%2E%2E/9/x')).toBe('https://us.posthog.com/api/projects/9/x/')
    expect(naive('a?x=1#')).toBe('https://us.posthog.com/api/projects/7/warehouse_tables/a?x=1#/')
  })

  test.each(['', '.', '..', '\0', 'a\0b', 'a\nb', 'a\r\nHost: evil', '\u0085', '\ud800'])('is never %j', (value) => {
    expect(() => toSegment(value)).toThrow(RangeError)
  })

  test('is one, whatever it holds', () => {
    let kept = 0
    for (const value of HOSTILE) {
      let path: string
      try {
        path = toPath({ root: 'projects', project: 7 }, 'warehouse_tables/{id}/', { id: value })
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
        continue
      }
      const { href, pathname } = new URL(path, 'https://us.posthog.com')
      expect(href).toBe(`https://us.posthog.com${path}`)
      expect(pathname.split('/')).toHaveLength(7)
      expect(decodeURIComponent(pathname.split('/')[5] ?? '')).toBe(value)
      kept += 1
    }
    expect(kept).toBe(24)
  })
})

describe('through every tool', () => {
  let upstream: Recorder
  let mcp: Connection
  beforeAll(async () => {
    upstream = await startRecorder()
    mcp = await connectMcp({ origin: upstream.origin, flags: ['--reveal-passwords'] })
  })
  afterAll(async () => {
    await mcp.close()
    await upstream.close()
  })

  /** The paths that may arrive for a tool: its own, its guard's, its successor's and its second read's. */
  const allowed = ({ path, guard, successor, onMissing }: (typeof operations)[number]): RegExp => {
    const templates = [path, guard?.path, successor?.path, onMissing?.path].flatMap((one) => (one ? [one] : []))
    const patterns = templates.map((one) => one.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/?#\\\\]+'))
    return new RegExp(`^/api/projects/7/(${patterns.join('|')})$`)
  }

  const tryAll = async (pick: (operation: (typeof operations)[number]) => readonly string[]) => {
    let checked = 0
    let refused = 0
    for (const operation of operations) {
      const sample = { ...requests[operation.name]?.args }
      for (const name of pick(operation)) {
        for (const value of HOSTILE) {
          upstream.script(() => ({ json: { results: [] } }))
          const { isError, content } = await mcp.call(operation.name, { ...sample, [name]: value })
          for (const { path, method } of upstream.requests) {
            expect(`${method} ${path}`, `${operation.name} ${name}=${JSON.stringify(value)}`).toMatch(/^[A-Z]+ \/api\//)
            expect(path, `${operation.name} ${name}=${JSON.stringify(value)}`).toMatch(allowed(operation))
            for (const segment of path.split('/')) expect(['.', '..']).not.toContain(decodeURIComponent(segment))
          }
          if (upstream.requests.length === 0) {
            expect(isError, `${operation.name} ${name}=${JSON.stringify(value)}`).toBe(true)
            expect(content[0]?.text).not.toMatch(/fault of its own/)
            refused += 1
          }
          checked += 1
        }
      }
    }
    return { checked, refused }
  }

  test('no value of an input that stands in the path is sent: ids are UUIDs or numbers', async () => {
    const holes = ({ path }: (typeof operations)[number]) =>
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
    const { checked, refused } = await tryAll(holes)
    expect(checked).toBe(operations.flatMap(holes).length * HOSTILE.length)
    expect(checked).toBeGreaterThan(20 * HOSTILE.length)
    expect(refused).toBe(checked)
  })

  test('a project is a number', async () => {
    const { checked, refused } = await tryAll(() => ['project_id'])
    expect(refused).toBe(checked)
    expect(checked).toBe(54 * HOSTILE.length)
  })

  test('no value of any other text input changes the path', async () => {
    const texts = ({ name, path }: (typeof operations)[number]) =>
      Object.entries({ ...requests[name]?.args })
        .filter(([input, value]) => typeof value === 'string' && !path.includes(`{${input}}`))
        .map(([input]) => input)
    const { checked } = await tryAll(texts)
    expect(checked).toBeGreaterThan(20 * HOSTILE.length)
  }, 90_000)
})
