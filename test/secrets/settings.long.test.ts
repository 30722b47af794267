import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { useHttp } from '../fake/http.ts'
import { BINARY, type Connection, environment, type Result, useConnection, useMcp } from '../fake/mcp.ts'
import { useRecorder } from '../fake/recorder.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
const VALUE = 'Value-In-A-File/9'
const textOf = ({ content }: Result) => content[0]?.text ?? ''
const useFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
const usePosthog = () => useRecorder(() => ({ status: 201, json: { id: ID } }))
/** Connects a Postgres with the secret of this name, or a text, as its password. */
const connect = (mcp: Connection, password: unknown) =>
  mcp.call('external_data_sources_create', {
    source_type: 'Postgres',
    all_tables: true,
    payload: { host: 'db.acme.com', password },
  })

describe('secrets in files', () => {
  const write = (folder: string, name: string, text: string | Buffer, mode = 0o600): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode })
    chmodSync(path, mode)
    return path
  }
  const start = async (folder: string) => {
    const posthog = await usePosthog()
    return {
      posthog,
      mcp: await useMcp({ origin: posthog.origin, flags: ['--secrets-dir', folder], person: 'nobody' }),
    }
  }

  test('are read when they are needed, without the line break at their end', async () => {
    const folder = useFolder()
    write(folder, 'DB', `${VALUE}\n`)
    write(folder, 'DB.for', 'Postgres@db.acme.com\n')
    write(folder, 'not.a.name', 'x')
    mkdirSync(join(folder, 'FOLDER'))
    const { posthog, mcp } = await start(folder)
    expect(mcp.instructions).toContain('never the value: DB.')
    for (const [text, value] of [
      [`${VALUE}\n`, VALUE],
      [`${VALUE}\r\n`, VALUE],
      ['rotated\n\n', 'rotated\n'],
      ['with spaces ', 'with spaces '],
    ]) {
      write(folder, 'DB', text ?? '')
      await connect(mcp, { $secret: 'DB' })
      expect(posthog.requests.at(-1)?.json).toMatchObject({ payload: { password: value } })
    }
  })

  test('as orchestrators mount them: links within the folder, readable by its group', async () => {
    const folder = useFolder()
    mkdirSync(join(folder, '..2026'))
    write(join(folder, '..2026'), 'DB', VALUE, 0o440)
    write(join(folder, '..2026'), 'DB.for', 'Postgres@db.acme.com', 0o440)
    symlinkSync('..2026', join(folder, '..data'))
    symlinkSync('..data/DB', join(folder, 'DB'))
    symlinkSync('..data/DB.for', join(folder, 'DB.for'))
    const { posthog, mcp } = await start(folder)
    await connect(mcp, { $secret: 'DB' })
    expect(posthog.requests.at(-1)?.json).toMatchObject({ payload: { password: VALUE } })
  })

  test.each<readonly [string, (folder: string) => void, string]>([
    ['readable by others', (folder) => write(folder, 'DB', VALUE, 0o604), 'can be read or changed by other users'],
    ['writable by its group', (folder) => write(folder, 'DB', VALUE, 0o620), 'can be read or changed by other users'],
    ['too large', (folder) => write(folder, 'DB', 'x'.repeat(65_537)), 'is larger than 65536 bytes'],
    ['too short', (folder) => write(folder, 'DB', 'short\n'), 'is shorter than 6 characters'],
    ['no text', (folder) => write(folder, 'DB', Buffer.from([0xff, 0xfe, 0, 1, 2, 3, 4])), 'is not UTF-8 text'],
    ['gone', (folder) => rmSync(join(folder, 'DB')), 'has no file any more'],
    [
      'bound to nonsense',
      (folder) => write(folder, 'DB.for', 'db.acme.com:5432'),
      'DB.for db.acme.com:5432 is no source',
    ],
    ['bound to nothing', (folder) => rmSync(join(folder, 'DB.for')), 'secret that is bound to no target'],
    [
      'bound by anybody',
      (folder) => write(folder, 'DB.for', 'Postgres', 0o666),
      'DB.for can be read or changed by other',
    ],
    [
      'a link out of the folder',
      (folder) => {
        const outside = write(useFolder(), 'other', VALUE)
        rmSync(join(folder, 'DB'))
        symlinkSync(outside, join(folder, 'DB'))
      },
      'is a link out of its folder',
    ],
    [
      'a pipe',
      (folder) => {
        rmSync(join(folder, 'DB'))
        spawnSync('mkfifo', ['-m', '600', join(folder, 'DB')])
      },
      'is no regular file',
    ],
  ])('that are %s are not sent', async (_what, spoil, reason) => {
    const folder = useFolder()
    write(folder, 'DB', VALUE)
    write(folder, 'DB.for', 'Postgres@db.acme.com')
    const { posthog, mcp } = await start(folder)
    spoil(folder)
    const text = textOf(await connect(mcp, { $secret: 'DB' }))
    expect(text).toContain(reason)
    expect(text).toContain('Nothing was changed.')
    expect(text).not.toContain(VALUE)
    expect(posthog.requests).toEqual([])
  })
})

describe('what the operator may not set', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
  const inner = join(folder, 'inner')
  mkdirSync(inner)
  writeFileSync(join(inner, 'DB'), VALUE)
  test.each<readonly [string, readonly string[], Record<string, string>, RegExp]>([
    ['a folder that is none', ['--secrets-dir', '/no/such'], {}, /--secrets-dir: \/no\/such is not a folder; make it/],
    [
      'a folder below one that uploads read',
      ['--allow-dir', folder, '--secrets-dir', inner],
      {},
      /overlaps --allow-dir/,
    ],
    ['a folder around one', ['--allow-dir', inner, '--passwords-dir', folder], {}, /whose files any call may upload/],
    ['two ways for passwords', ['--passwords-dir', folder, '--reveal-passwords'], {}, /choose one of them/],
    ['another two', ['--passwords-page', '--reveal-passwords'], {}, /choose one of them/],
    ['another policy', ['--literal-secrets', 'ask'], {}, /It is allow or refuse/],
    ['a bad name', [], { 'MCP_SECRET_9/B': VALUE }, /a name is letters, digits and _/],
    ['a binding of nothing', [], { MCP_SECRET_DB_FOR: 'Postgres@db' }, /MCP_SECRET_DB may go, and that is not set/],
    [
      'a bad binding',
      [],
      { MCP_SECRET_DB: VALUE, MCP_SECRET_DB_FOR: 'db:1' },
      /MCP_SECRET_DB_FOR: db:1 is no source type/,
    ],
    ['one name twice', ['--secrets-dir', inner], { MCP_SECRET_DB: VALUE }, /The secret DB is defined twice/],
  ])('%s: exit 2, with the reason', (_what, flags, more, reason) => {
    const env = environment({ env: more })
    const { status, stderr } = spawnSync(process.execPath, [BINARY, ...flags], { env, encoding: 'utf8', input: '' })
    expect([status, stderr]).toEqual([2, expect.stringMatching(reason)])
    expect(stderr).not.toContain(VALUE)
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/)
  })
})

describe('secrets that are typed', () => {
  const secret = { MCP_SECRET_DB: VALUE, MCP_SECRET_DB_FOR: 'Postgres@db.acme.com' }

  test('over stdio: the call is made, and its result says that there is a safer way', async () => {
    const posthog = await usePosthog()
    const [bare, mcp] = [
      await useMcp({ origin: posthog.origin }),
      await useMcp({ origin: posthog.origin, env: secret }),
    ]
    const result = await connect(bare, 'typed-password')
    expect(result.structuredContent).toEqual({
      id: ID,
      project_id: 7,
      secrets_note:
        'Given as text, and so in this chat: payload.password. Safer next time: {"$ask": true} in its place, and the person types it in a browser; or a reference, {"$secret": "NAME"}, once the operator has defined a secret (docs/secrets.md).',
    })
    expect(JSON.parse(textOf(result))).toEqual(result.structuredContent)
    expect((await connect(mcp, 'typed-password')).structuredContent?.secrets_note).toContain('to one of: DB.')
    // Not of a reference, not of a call without secrets, not of a failure.
    expect((await connect(mcp, { $secret: 'DB' })).structuredContent).toEqual({ id: ID, project_id: 7 })
    expect((await connect(mcp, '')).structuredContent).not.toHaveProperty('secrets_note')
    posthog.script(() => ({ status: 400, json: { detail: 'no' } }))
    expect(textOf(await connect(mcp, 'typed-password'))).not.toContain('Safer')
  })

  test.each([
    ['--literal-secrets refuse', { payload: { password: 'typed-password' } }, 'payload.password'],
    ['a number', { payload: { deep: [{ api_token: 918_273_645 }] } }, 'payload.deep.api_token'],
    ['below a secret name', { payload: { token: { value: 'typed-password' } } }, 'payload.token.value'],
    ['a payload as text', { payload: '{"password": "typed-password"}' }, 'payload.password'],
    [
      'by its form',
      { payload: { url: 'https://u:typed-password@h/x', note: 'AKIAIOSFODNN7EXAMPLE' } },
      'payload.url, payload.note',
    ],
  ])('are refused where the operator says so: %s', async (_what, args, inputs) => {
    const posthog = await usePosthog()
    const mcp = await useMcp({ origin: posthog.origin, flags: ['--literal-secrets', 'refuse'], env: secret })
    const all = { source_type: 'Postgres', all_tables: true, ...args }
    const text = textOf(await mcp.call('external_data_sources_create', all))
    expect(text).toContain(`Secrets are not taken as text here: ${inputs}.\nNothing was changed.\n`)
    expect(text).toContain('{"$secret": "NAME"}, to one of: DB; or a person connects it in the PostHog app.')
    expect(text).not.toContain('typed-password')
    expect(posthog.requests).toEqual([])
    await connect(mcp, { $secret: 'DB' })
    expect(posthog.requests).toHaveLength(1)
  })

  test('over HTTP they are refused, unless the operator allows them', async () => {
    const posthog = await usePosthog()
    const strict = await useHttp({ origin: posthog.origin, env: secret })
    const loose = await useHttp({ origin: posthog.origin, flags: ['--literal-secrets', 'allow'] })
    expect(textOf(await connect(await useConnection(strict.url, 'modern'), 'typed-password'))).toContain(
      'Secrets are not taken as text here: payload.password.',
    )
    expect(posthog.requests).toEqual([])
    const allowed = await connect(await useConnection(loose.url, 'legacy'), 'typed-password')
    expect(allowed.structuredContent).toMatchObject({
      id: ID,
      secrets_note: expect.stringContaining('payload.password'),
    })
  })
})

describe('over HTTP', () => {
  const TOKENS = { db: 'token-with-db-000001', none: 'token-without-00000002' }
  const env = {
    MCP_SECRET_DB: VALUE,
    MCP_SECRET_DB_FOR: 'Postgres@db.acme.com',
    MCP_SECRET_CRM: 'another-value',
    MCP_SECRET_CRM_FOR: 'Postgres@db.acme.com',
    MCP_AUTH_TOKEN: 'the-default-token-0003',
  }
  const useTokens = (secrets: readonly string[]): string => {
    const path = join(useFolder(), 'tokens.json')
    const tokens = [
      { name: 'db', token: TOKENS.db, secrets },
      { name: 'none', token: TOKENS.none },
    ]
    writeFileSync(path, JSON.stringify({ tokens }))
    return path
  }

  test('a token refers to the secrets that the operator gave it, and no other', async () => {
    const posthog = await usePosthog()
    const flags = ['--auth', 'token']
    const tokens = { ...env, MCP_AUTH_TOKENS_FILE: useTokens(['DB']) }
    const server = await useHttp({ origin: posthog.origin, flags, env: tokens })
    const [db, none, fixed] = await Promise.all([
      useConnection(server.url, 'modern', TOKENS.db),
      useConnection(server.url, 'legacy', TOKENS.none),
      useConnection(server.url, 'legacy', env.MCP_AUTH_TOKEN),
    ])
    expect((await connect(db, { $secret: 'DB' })).isError).toBeUndefined()
    expect(posthog.requests).toHaveLength(1)
    expect(textOf(await connect(db, { $secret: 'CRM' }))).toContain('There are: DB.')
    for (const mcp of [none, fixed]) {
      const text = textOf(await connect(mcp, { $secret: 'DB' }))
      expect(text).toContain('There is no secret DB for this caller')
      expect(text).not.toContain('CRM')
      expect(mcp.instructions).not.toContain('$secret')
      expect(JSON.stringify(await mcp.list())).not.toContain('$secret')
    }
    expect(JSON.stringify(await db.list())).toContain('"$secret":{"enum":["DB"]}')
    expect(posthog.requests).toHaveLength(1)
    expect(server.text()).not.toContain(VALUE)
  })

  test('whoever needs no token refers to none', async () => {
    const posthog = await usePosthog()
    const { MCP_AUTH_TOKEN: _, ...open } = env
    const server = await useHttp({ origin: posthog.origin, env: open })
    const mcp = await useConnection(server.url, 'modern')
    expect(textOf(await connect(mcp, { $secret: 'DB' }))).toContain('There is no secret DB for this caller')
  })

  test('a token cannot be given a secret that there is not', async () => {
    const args = ['http', '--port', '0', '--auth', 'token']
    const { status, stderr } = spawnSync(process.execPath, [BINARY, ...args], {
      env: environment({ env: { ...env, MCP_AUTH_TOKENS_FILE: useTokens(['DB', 'PROD']) } }),
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([
      2,
      expect.stringContaining('db has a secret that this server does not; it has: CRM, DB'),
    ])
  })
})
