import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { operations } from '../../tools/index.ts'
import { posthog as lookedUp } from '../confirm/destroys.ts'
import { useHttp } from '../fake/http.ts'
import { type Result, useConnection, useMcp } from '../fake/mcp.ts'
import { type Recorded, type Script, useRecorder } from '../fake/recorder.ts'

const PASSWORD = 'Root-Pass+word/42'
const CALLS = [
  ['data_warehouse_provision', { database_name: 'acme', table_name: 'prod' }],
  ['data_warehouse_reset_password', {}],
] as const
const textOf = ({ content }: Result) => content[0]?.text ?? ''
const useFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'passwords-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const reply = { status: 'pending', username: 'root', password: PASSWORD, org: 'acme', hint: `it is ${PASSWORD}` }
/** The call itself, and not what is looked up before it. */
const isSent = ({ method, path }: Recorded): boolean => method === 'POST' && path.includes('/data_warehouse/')
const start = async (flags: readonly string[], script: Script = () => ({ status: 202, json: reply })) => {
  const found = lookedUp()
  const posthog = await useRecorder((request) => (isSent(request) ? script(request) : found(request)))
  const mcp = await useMcp({ origin: posthog.origin, flags, env: { LOG_LEVEL: 'debug' } })
  return { posthog, mcp }
}

test('every operation that shows something once says what to do when it was lost', () => {
  const revealing = operations.filter(({ reveals }) => reveals !== undefined)
  expect(revealing.map(({ name }) => name)).toEqual(CALLS.map(([name]) => name))
  for (const { ifLost } of revealing) expect(ifLost).toContain('data_warehouse_reset_password')
})

describe.each(CALLS)('%s', (name, args) => {
  test('writes the password to a file of its own, and says where it is', async () => {
    const folder = useFolder()
    const { mcp, posthog } = await start(['--passwords-dir', folder])
    const paths = new Set<string>()
    for (const _ of [1, 2, 3]) {
      const result = await mcp.call(name, args)
      const { saved_to, ...structured } = result.structuredContent ?? {}
      expect(structured).toEqual({
        ...reply,
        password: '***',
        hint: 'it is ***',
        project_id: 7,
        sensitive: `password: in the file saved_to on the server's machine, for its user only. Tell the person where it is.`,
      })
      expect(JSON.parse(textOf(result))).toEqual(result.structuredContent)
      expect(JSON.stringify([result, mcp.stderr])).not.toContain(PASSWORD)
      const path = String(saved_to)
      expect(path.startsWith(`${folder}/${name}-20`)).toBe(true)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ username: 'root', password: PASSWORD })
      paths.add(path)
    }
    expect(paths.size).toBe(3)
    expect(readdirSync(folder)).toHaveLength(3)
    expect(posthog.requests.filter(isSent)).toHaveLength(3)
  })

  test('is not sent where nobody said where the password may go', async () => {
    const { mcp, posthog } = await start([])
    const result = await mcp.call(name, args)
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain(
      `${name}: not sent. PostHog shows password only once, and the operator has not said where it may go.\nNothing was changed.\nThe operator starts the server with --passwords-dir FOLDER`,
    )
    expect(posthog.requests).toEqual([])
  })

  test('is not sent over HTTP either', async () => {
    const posthog = await useRecorder()
    const server = await useHttp({ origin: posthog.origin })
    const mcp = await useConnection(server.url, 'modern')
    expect(textOf(await mcp.call(name, args))).toContain('--passwords-dir FOLDER')
    expect(posthog.requests).toEqual([])
  })

  test('is not sent when the folder cannot be written', async () => {
    const folder = useFolder()
    const { mcp, posthog } = await start(['--passwords-dir', folder])
    rmSync(folder, { recursive: true })
    const result = await mcp.call(name, args)
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain(
      `${name}: not sent. The folder for passwords cannot be written (ENOENT)\nNothing was changed.\n`,
    )
    expect(posthog.requests).toEqual([])
  })

  test('says how to get another one when the folder goes while PostHog answers', async () => {
    const folder = useFolder()
    const { mcp } = await start(['--passwords-dir', folder], () => {
      rmSync(folder, { recursive: true })
      return { status: 202, json: reply }
    })
    const result = await mcp.call(name, args)
    expect(result.isError).toBe(true)
    expect(textOf(result)).toContain(
      `${name}: PostHog carried it out, but password could not be written to its file (ENOENT)`,
    )
    expect(textOf(result)).toContain('and is not delivered.\nThe change was carried out.\n')
    expect(textOf(result)).toContain('data_warehouse_reset_password')
    expect(JSON.stringify([result, mcp.stderr])).not.toContain(PASSWORD)
  })

  test.each<readonly [string, Script]>([
    ['refuses', () => ({ status: 409, json: { error: 'not now' } })],
    ['fails', () => ({ status: 500, json: { error: PASSWORD } })],
    ['answers without a password', () => ({ status: 202, json: { status: 'x', username: 'root' } })],
  ])('leaves no empty file behind when PostHog %s', async (_what, script) => {
    const folder = useFolder()
    const { mcp, posthog } = await start(['--passwords-dir', folder], script)
    await mcp.call(name, args)
    expect(posthog.requests.filter(isSent)).toHaveLength(1)
    expect(readdirSync(folder)).toEqual([])
  })

  test('takes a password of another form than today’s for one too', async () => {
    const folder = useFolder()
    const { mcp } = await start(['--passwords-dir', folder], () => ({
      json: { credentials: { password: 918_273_645 } },
    }))
    const result = await mcp.call(name, args)
    expect(JSON.stringify(result)).not.toContain('918273645')
    expect(readFileSync(String(result.structuredContent?.saved_to), 'utf8')).toContain('918273645')
  })
})
