import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { posthog } from '../confirm/destroys.ts'
import { type Connection, type Result, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'
import { hasChromium, startChromium } from '../services/chromium.ts'
import { hasPostgres, type Postgres, startPostgres } from '../services/postgres.ts'
import { linkIn } from './visit.ts'

/** Where pictures of the pages are left, to be looked at. */
const PICTURES = join(tmpdir(), 'page-pictures')
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const textOf = ({ content }: Result): string => content[0]?.text ?? ''

describe.skipIf(!hasChromium() || !hasPostgres())('a person at a browser', () => {
  let chromium: Browser
  let db: Postgres

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true })
    ;[chromium, db] = await Promise.all([startChromium(), startPostgres()])
    await db.sql(
      `CREATE TABLE people (id int PRIMARY KEY, name text); INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')`,
    )
  })
  afterAll(async () => {
    await chromium?.close()
    await db?.close()
  })

  /** Opens a page; whatever its console says that is no advice is a failure. */
  const open = async (url: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await chromium.newContext(options)
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => {
      if (/Content Security Policy|Refused|Uncaught/i.test(message.text())) complaints.push(message.text())
    })
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    onTestFinished(() => {
      expect(complaints).toEqual([])
      expect(asked.filter((one) => !one.startsWith(new URL(url).origin))).toEqual([])
    })
    await page.goto(url)
    return page
  }
  const picture = (page: Page, name: string) => page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true })
  const local = () => useMcp({ flags: ['--local'], person: 'nobody', env: { POSTHOG_PROJECT_ID: undefined } })
  const ask = async (mcp: Connection, args: Record<string, unknown>, tool = 'external_data_sources_create') => {
    const result = await mcp.call(tool, args)
    expect(JSON.stringify([result, mcp.stderr])).not.toContain(db.login.password)
    return result
  }
  /** What is wrong for people who see, hear or move differently. */
  const barriers = async (page: Page): Promise<readonly string[]> => {
    await page.addScriptTag({ path: AXE }).catch(() => undefined)
    return page.evaluate(async () => {
      // The script above puts it there; the page's own policy does not bind the test.
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; help: string }[] }> }
      }
      return (await axe.run()).violations.map(({ id, help }) => `${id}: ${help}`)
    })
  }
  const CREATE = { source_type: 'Postgres', all_tables: true, payload: { $ask: true } }

  test('connects PostgreSQL by keyboard alone, and the chat learns the id; its rows arrive', async () => {
    const mcp = await local()
    const page = await open(linkIn(textOf(await ask(mcp, CREATE))), { javaScriptEnabled: false })
    const { host, port, database, user, password } = db.login
    // From the top: the connection string is first, and stays empty.
    await page.keyboard.press('Tab')
    for (const value of ['', host, String(port), database, user, 'wrong-password', 'public']) {
      await page.keyboard.type(value)
      await page.keyboard.press('Tab')
    }
    // The tunnel is off, so its fields are no stops.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForLoadState()
    const alert = page.getByRole('alert')
    expect(await alert.textContent()).toMatch(/rejected the username or password/)
    expect(await page.getByLabel('Host', { exact: true }).inputValue()).toBe(host)
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('')
    await page.getByLabel('Password', { exact: true }).focus()
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
    await page.waitForLoadState()
    expect(await page.getByRole('heading').textContent()).toBe('Done')
    const { structuredContent } = await ask(mcp, CREATE)
    expect(structuredContent?.id).toMatch(/^[0-9a-f-]{36}$/)
    await expect
      .poll(async () => textOf(await mcp.call('query_run', { sql: 'SELECT name FROM postgres.people ORDER BY id' })), {
        timeout: 25_000,
      })
      .toMatch(/Ada[\s\S]*Grace/)
  })

  test.each(['light', 'dark'] as const)(
    'sees a page that is %s, without barriers, wide and narrow',
    async (colorScheme) => {
      const mcp = await local()
      const page = await open(linkIn(textOf(await ask(mcp, CREATE))), {
        colorScheme,
        bypassCSP: true,
        viewport: { width: 800, height: 900 },
      })
      expect(await barriers(page)).toEqual([])
      await picture(page, `form-${colorScheme}`)
      expect(await page.getByLabel('Tunnel host').isVisible()).toBe(false)
      await page.getByLabel('Use SSH tunnel?').press('Space')
      expect(await page.getByLabel('Tunnel host').isVisible()).toBe(true)
      expect(await page.getByLabel('Private key').isVisible()).toBe(false)
      await page.getByLabel('With a password').press('ArrowDown')
      expect(await page.getByLabel('Private key').isVisible()).toBe(true)
      expect(await barriers(page)).toEqual([])
      await page.evaluate("document.querySelector('form').noValidate = true")
      await page.getByRole('button', { name: 'Connect a source' }).click()
      expect(await page.evaluate('document.activeElement.id')).toBe('f-host')
      expect(await barriers(page)).toEqual([])
      await picture(page, `corrections-${colorScheme}`)
      await page.setViewportSize({ width: 320, height: 640 })
      // Nothing has to be scrolled sideways.
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320)
      await picture(page, `narrow-${colorScheme}`)
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor')
      expect(background).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(23, 23, 26)')
    },
  )

  test('uploads a key file, and chooses an option with fields', async () => {
    const mcp = await local()
    const key = { project_id: 'p', private_key: 'k', private_key_id: 'i', client_email: 'e', token_uri: 'https://t' }
    const args = { ...CREATE, source_type: 'BigQuery' }
    const page = await open(linkIn(textOf(await ask(mcp, args))))
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'key.json', mimeType: 'application/json', buffer: Buffer.from('not json') })
    await page
      .getByLabel(/dataset/i)
      .first()
      .fill('d')
    await page.getByRole('button', { name: 'Connect a source' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('no JSON file')
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'key.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(key)) })
    await page.getByRole('button', { name: 'Connect a source' }).click()
    // It got as far as PostHog: the local warehouse has no BigQuery to reach.
    expect(await page.getByRole('alert').textContent()).not.toContain('no JSON file')
  })

  test('sees a password once, and whoever has the link later does not', async () => {
    const secret = 'Root-Pass+word/42'
    const found = posthog()
    const upstream = await useRecorder((request) =>
      request.method === 'POST' && request.path.includes('/data_warehouse/')
        ? { status: 202, json: { status: 'pending', username: 'root', password: secret } }
        : found(request),
    )
    const mcp = await useMcp({ origin: upstream.origin, flags: ['--passwords-page'] })
    const result = await mcp.call('data_warehouse_reset_password', {})
    expect(JSON.stringify([result, mcp.stderr])).not.toContain(secret)
    expect(result.structuredContent).toMatchObject({ username: 'root', password: '***' })
    const link = String(result.structuredContent?.shown_at)
    const page = await open(link, { colorScheme: 'dark' })
    expect(await page.content()).not.toContain(secret)
    await page.getByRole('button', { name: 'Show it, once' }).press('Enter')
    expect(await page.getByText(secret).isVisible()).toBe(true)
    await picture(page, 'password-dark')
    await page.goto(link)
    expect(await page.content()).not.toContain(secret)
    expect(await (await fetch(link)).text()).not.toContain(secret)
  })
})
