import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { FormField } from '../../src/pages/fields.ts'
import { PAGE_MS, type Purpose, type Sent } from '../../src/pages/page.ts'
import { createPageRoutes } from '../../src/pages/page-routes.ts'
import { Pages } from '../../src/pages/pages.ts'
import { listen } from '../../src/transports/http/listener.ts'
import { submit, visit } from './visit.ts'

const EVIL = '"><script>alert(1)</script>'
const field = (name: string, more: Partial<Extract<FormField, { kind: 'text' }>> = {}): FormField => ({
  kind: 'text',
  type: 'text',
  name,
  label: name,
  required: false,
  secret: false,
  value: '',
  ...more,
})
const TEXT = { title: 'Connect', says: ['For a test.'], facts: { description: EVIL }, button: 'Send' }

const start = async (fields: readonly FormField[] = [field('host')], lifeMs?: number) => {
  let at = ''
  const pages = new Pages(async () => at)
  const listener = await listen(createPageRoutes(pages), 0, '127.0.0.1')
  onTestFinished(async () => {
    await listener.stopAccepting()
    await listener.close()
  })
  at = listener.url
  const sent: unknown[] = []
  let answer: () => Promise<Sent> = async () => ({ kind: 'done', says: '' })
  const purpose: Purpose = {
    kind: 'form',
    fields,
    send: (values) => {
      sent.push(values)
      return answer()
    },
  }
  if (lifeMs !== undefined) vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const { page, url } = await pages.open('alice', TEXT, purpose)
  const answers = (next: typeof answer): void => {
    answer = next
  }
  return { pages, page, url, sent, answers }
}

describe('a link', () => {
  test('is long, and is the first browser’s alone', async () => {
    const { url } = await start()
    expect(url).toMatch(/\/ask\/[\w-]{43}$/)
    const mine = await visit(url)
    expect(mine.status).toBe(200)
    expect(mine.headers.get('set-cookie')).toMatch(/^page=[\w-]{43}; Path=\/ask\/[\w-]{43}; HttpOnly; SameSite=Lax$/)
    for (const cookie of ['', 'page=', 'page=x', `other=${mine.cookie}`]) {
      const other = await visit(url, cookie)
      expect([other.status, other.csrf, other.html.includes('another browser')]).toEqual([410, '', true])
    }
    expect((await visit(url, mine.cookie)).csrf).toBe(mine.csrf)
  })

  test('of none, and of another path, is nothing', async () => {
    const { url } = await start()
    for (const wrong of [`${url}x`, url.slice(0, -1), url.replace(/[^/]+$/, ''), `${url}/x`])
      expect((await visit(wrong)).status).toBe(404)
  })

  test('counts once', async () => {
    const { url, sent } = await start()
    const page = await visit(url)
    const all = await Promise.all(Array.from({ length: 8 }, () => submit(page, { host: 'a' })))
    expect(sent).toHaveLength(1)
    expect(all.filter(({ status }) => status === 303).length).toBeGreaterThan(0)
    expect((await submit(page, { host: 'b' })).status).toBe(303)
    expect(sent).toEqual([{ host: 'a' }])
    expect((await visit(url, page.cookie)).html).toContain('Done')
  })

  test('is over after its time, to the millisecond', async () => {
    const { url, page, sent } = await start([field('host')], PAGE_MS)
    const opened = await visit(url)
    await vi.advanceTimersByTimeAsync(PAGE_MS - 1)
    expect(page.view.state).toBe('open')
    await vi.advanceTimersByTimeAsync(1)
    expect(await page.ended).toBe('expired')
    expect((await submit(opened, { host: 'a' })).status).toBe(303)
    expect((await visit(url, opened.cookie)).html).toContain('Too late')
    expect(sent).toEqual([])
  })
})

test('a send that breaks is not certain, and ends the page', async () => {
  const { url, page, answers } = await start()
  answers(() => Promise.reject(new Error('a fault')))
  const opened = await visit(url)
  expect((await submit(opened, { host: 'a' })).status).toBe(303)
  expect(await page.ended).toBe('unclear')
  expect((await visit(url, opened.cookie)).html).toContain('Not certain')
})

test('whoever only looks whether a page is there does not take it', async () => {
  const { url } = await start()
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
  expect((await visit(url)).status).toBe(200)
})

describe('what another page sends for a person', () => {
  test.each([
    ['from another site', { headers: { origin: 'https://evil.example' } }],
    ['from an origin that hides', { headers: { origin: 'null' } }],
    ['from another port of this machine', { headers: { origin: 'http://127.0.0.1:1' } }],
    ['without the token', { csrf: '' }],
    ['with another token', { csrf: 'x'.repeat(43) }],
    ['without the cookie', { cookie: '' }],
    ['with another cookie', { cookie: `page=${'x'.repeat(43)}` }],
  ])('%s is refused', async (_what, forged) => {
    const { url, sent, page } = await start()
    expect((await submit(await visit(url), { host: 'evil' }, forged)).status).toBe(403)
    expect((await submit(await visit(url), {}, { ...forged, act: 'cancel' })).status).toBe(403)
    expect([sent, page.view.state]).toEqual([[], 'open'])
  })

  test('before anybody opened it, is refused', async () => {
    const { url, sent } = await start()
    const blind = { url, status: 0, html: '', headers: new Headers(), cookie: 'page=undefined', csrf: 'undefined' }
    expect((await submit(blind, { host: 'evil' })).status).toBe(403)
    expect(sent).toEqual([])
  })

  test('a name that leads here is not this server’s', async () => {
    const { pages, page } = await start()
    const reply = await createPageRoutes(pages).request(`http://evil.example/ask/${page.id}`)
    expect(reply.status).toBe(421)
    expect(page.wasOpened).toBe(false)
  })
})

describe('a page', () => {
  test('may load nothing, be framed by nobody, and is kept nowhere', async () => {
    const { headers, html } = await visit((await start()).url)
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    )
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(html).not.toMatch(/<script|<link|<img|\son\w+=|https?:/)
  })

  test('shows what came from elsewhere as text, in every place', async () => {
    const evil = { label: EVIL, caption: EVIL, placeholder: EVIL }
    const { url } = await start([
      field('text', { ...evil, value: EVIL }),
      field('area', { ...evil, type: 'textarea', value: '</textarea><script>' }),
      field(EVIL),
      { kind: 'file', name: 'file', label: EVIL, caption: EVIL, required: true, keys: '*' },
      { kind: 'switch', name: 'switch', label: EVIL, caption: EVIL, on: true, off: {}, fields: [field(`x${EVIL}`)] },
      {
        kind: 'choice',
        name: 'choice',
        label: EVIL,
        caption: EVIL,
        required: true,
        multiple: false,
        chosen: [],
        options: [{ value: EVIL, label: EVIL, fields: [] }],
      },
    ])
    const page = await visit(url)
    expect(page.html.match(/&lt;script/g)?.length).toBeGreaterThan(10)
    expect(page.html).not.toContain('<script')
    const again = await submit(page, { text: EVIL })
    expect(again.status).toBe(422)
    expect(again.html).not.toContain('<script')
  })

  test('never shows a secret again, not even a wrong one', async () => {
    const { url } = await start([
      field('secret', { type: 'password', secret: true, required: true }),
      field('key', { type: 'textarea', secret: true }),
      field('host', { required: true }),
    ])
    const page = await visit(url)
    const again = await submit(page, { secret: 'hunter22', key: 'hunter22', host: '' })
    expect([again.status, again.html.includes('hunter22')]).toEqual([422, false])
    expect((await visit(url, page.cookie)).html).not.toContain('hunter22')
  })

  test('takes no more than a form of a key file', async () => {
    const { url, sent } = await start()
    const page = await visit(url)
    expect((await submit(page, { host: 'x'.repeat(70_000) })).html).toContain('longer than 65536')
    const reply = await fetch(url, {
      method: 'POST',
      body: 'junk',
      headers: { origin: new URL(url).origin, cookie: page.cookie, 'content-type': 'multipart/form-data; boundary=x' },
    })
    expect(reply.status).toBe(400)
    expect((await submit(page, { host: 'x'.repeat(300_000) })).status).toBe(413)
    expect(sent).toEqual([])
  })

  test('says what was refused, and whether it is over', async () => {
    const { url, answers } = await start()
    const page = await visit(url)
    answers(async () => ({ kind: 'again', says: `The host ${EVIL} is wrong.` }))
    const again = await submit(page, { host: 'a' })
    expect([again.status, again.html.includes('The host &quot;&gt;'), again.html.includes('value="a"')]).toEqual([
      422,
      true,
      true,
    ])
    answers(async () => ({ kind: 'unclear', says: 'It is not known whether it was made.' }))
    expect((await submit(page, { host: 'a' })).status).toBe(303)
    expect((await visit(url, page.cookie)).html).toContain('It is not known whether it was made.')
  })
})

test('one caller has eight pages at once, and another still has room', async () => {
  const { pages } = await start()
  const open = (caller: string) => pages.open(caller, TEXT, { kind: 'shown', values: () => ({}) })
  for (let n = 0; n < 7; n += 1) await open('alice')
  await expect(open('alice')).rejects.toThrow('Too many pages')
  const { page } = await open('bob')
  page.cancel()
  await expect(new Pages(async () => undefined).open('x', TEXT, { kind: 'shown', values: () => ({}) })).rejects.toThrow(
    'no page',
  )
})
