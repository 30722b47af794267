import { describe, expect, test } from 'vitest'
import type { Opens, Person } from '../fake/person.ts'
import { CREATE, create, FILLED, ID, refuse, requests, SECRET, start, textOf, writes } from './entering.ts'
import { linkIn, submit, visit } from './visit.ts'

describe('a client that cannot open links', () => {
  test('is given the link, and the same call again has the result, once', async () => {
    const mcp = await start({})
    const first = await create(mcp)
    expect([first.isError, textOf(first)]).toEqual([
      true,
      expect.stringMatching(/Not sent yet[\s\S]*Nothing was changed/),
    ])
    const page = await visit(linkIn(textOf(first)))
    expect(await submit(page, FILLED)).toMatchObject({ status: 303 })
    expect((await visit(page.url, page.cookie)).html).toContain('Done')
    // In another order it is the same call.
    expect(
      (await create(mcp, { payload: { $ask: true, host: 'db.acme.com' }, all_tables: true, source_type: 'Postgres' }))
        .structuredContent,
    ).toMatchObject({ id: ID })
    expect(writes()).toHaveLength(1)
    const next = textOf(await create(mcp))
    expect(linkIn(next)).not.toBe(page.url)
    expect(writes()).toHaveLength(1)
  })

  test('a refusal is told on the page, and the person tries again', async () => {
    const mcp = await start({})
    const page = await visit(linkIn(textOf(await create(mcp))))
    refuse(1)
    const refused = await submit(page, FILLED)
    expect(refused.status).toBe(422)
    expect(refused.html).toContain('The database rejected ***')
    expect(refused.html).not.toContain('Typed-By')
    expect(await submit(page, FILLED)).toMatchObject({ status: 303 })
    expect((await create(mcp)).structuredContent).toMatchObject({ id: ID })
    expect(writes()).toHaveLength(2)
  })

  test('after ten refusals it is over', async () => {
    const mcp = await start({})
    const page = await visit(linkIn(textOf(await create(mcp))))
    refuse(100)
    for (let n = 0; n < 9; n += 1) expect((await submit(page, FILLED)).status).toBe(422)
    expect((await submit(page, FILLED)).status).toBe(303)
    expect((await submit(page, FILLED)).status).toBe(303)
    expect(textOf(await create(mcp))).toMatch(
      /too many tries failed\. The last try was refused: .*\*\*\*[\s\S]*Nothing was changed/,
    )
    expect(writes()).toHaveLength(10)
  })

  test('what is not filled in is said before anything is sent', async () => {
    const mcp = await start({})
    const page = await visit(linkIn(textOf(await create(mcp))))
    const { status, html } = await submit(page, {
      host: '',
      port: 'x',
      password: SECRET,
      ssh_tunnel: 'on',
      'ssh_tunnel.auth': 'password',
    })
    expect(status).toBe(422)
    for (const word of [
      'host</a>: Fill',
      'port</a>: This is a whole',
      'Tunnel host</a>: Fill',
      'Tunnel password</a>: Fill',
    ])
      expect(html).toContain(word)
    expect(html).not.toContain('Typed-By')
    expect(writes()).toEqual([])
  })

  test('what the form would not show is refused before there is a page', async () => {
    const mcp = await start({})
    for (const payload of [
      { $ask: true, host: 'db.acme\u200b.com' },
      { $ask: true, ssh_tunnel_host: 'evil.example' },
      { $ask: true, ssh_tunnel: { enabled: true, proxy: 'evil.example' } },
      { $ask: true, password: 'literal-secret' },
    ])
      expect(textOf(await create(mcp, { ...CREATE, payload }))).toMatch(/would not see all that is sent: payload\./)
    expect(writes()).toEqual([])
  })

  test('a look keeps what was typed for the same type, and a create uses it', async () => {
    const mcp = await start({})
    const look = { source_type: 'Postgres', payload: { $ask: true } }
    const page = await visit(linkIn(textOf(await create(mcp, look, 'external_data_sources_database_schema'))))
    expect(page.html).toContain('kept in the memory')
    await submit(page, FILLED)
    const found = await create(mcp, look, 'external_data_sources_database_schema')
    const id = /\{"\$ask": "([\w-]+)"\}/.exec(String(found.structuredContent?.secrets_note))?.[1]
    const kept = { ...CREATE, payload: { $ask: id } }
    expect(textOf(await create(mcp, { ...kept, source_type: 'MySQL' }))).toContain('is for Postgres')
    expect(textOf(await create(mcp, { ...kept, project_id: 8 }))).toContain('in project 7')
    expect(textOf(await create(mcp, { ...kept, payload: { $ask: id, host: 'evil.example' } }))).toContain(
      'used as it is',
    )
    expect((await create(mcp, kept)).structuredContent).toMatchObject({ id: ID })
    expect(writes().at(-1)?.json).toMatchObject({ payload: { host: 'db.acme.com', password: SECRET } })
    expect(textOf(await create(mcp, { ...kept, payload: { $ask: 'nothing-here' } }))).toContain('not kept any more')
  })

  test('an update shows what is stored, and blank keeps the secret', async () => {
    const mcp = await start({})
    const args = { id: ID, job_inputs: { host: 'new.acme.com', password: { $ask: true } } }
    const page = await visit(linkIn(textOf(await create(mcp, args, 'external_data_sources_update'))))
    for (const shown of [
      'value="new.acme.com"',
      'value="5432"',
      'Blank keeps',
      'Given by the assistant, instead of old.acme.com: new.acme.com',
    ])
      expect(page.html).toContain(shown)
    await submit(page, { host: 'new.acme.com', port: '5433', password: '' })
    await create(mcp, args, 'external_data_sources_update')
    expect(writes().at(-1)?.json).toEqual({ job_inputs: { host: 'new.acme.com', port: 5433 } })
  })

  test('the keys of a table', async () => {
    const mcp = await start({})
    const args = {
      name: 'orders',
      format: 'CSV',
      url_pattern: 'https://acme.s3.us-east-1.amazonaws.com/x/*.csv',
      credential: { $ask: true },
    }
    const page = await visit(linkIn(textOf(await create(mcp, args, 'warehouse_tables_create'))))
    expect(page.html).toContain('https://acme.s3.us-east-1.amazonaws.com')
    await submit(page, { access_key: 'AK-Typed-By', access_secret: SECRET })
    await create(mcp, args, 'warehouse_tables_create')
    expect(writes().at(-1)?.json).toMatchObject({ credential: { access_key: 'AK-Typed-By', access_secret: SECRET } })
  })

  test.each([
    ['a description', 'external_data_sources_create', { ...CREATE, payload: {}, description: { $ask: true } }],
    ['a tool without secrets', 'external_data_sources_list', { search: { $ask: true } }],
    ['another value', 'external_data_sources_create', { ...CREATE, payload: { $ask: 'x' } }],
  ])('in %s it is refused', async (_what, tool, args) => {
    expect(textOf(await create(await start({}), args, tool))).toMatch(/\$ask[\s\S]*Nothing was changed/)
    expect(requests()).toEqual([])
  })
})

test('a page to which the client sent the person is an approval; one whose link the model has is none', async () => {
  const flags = ['--confirm', 'writes', '--audit', '-', '--literal-secrets', 'refuse']
  const refused = await create(await start({ flags }))
  expect(textOf(refused)).toMatch(/a person has to approve this[\s\S]*Nothing was changed/)
  expect(writes()).toEqual([])
  const opens: Opens = async ({ url }) => {
    await submit(await visit(url), FILLED)
    return { action: 'accept' }
  }
  const mcp = await start({ flags, opens })
  expect((await create(mcp)).structuredContent).toMatchObject({ id: ID })
  const attempts = mcp.stderr.filter((line) => line.includes('"attempt"')).map((line) => JSON.parse(line))
  expect(attempts).toHaveLength(1)
  expect(attempts[0].confirmation).toMatchObject({ how: 'page', answer: 'approved' })
})

test('what was kept is no approval either: the person is asked', async () => {
  const asked: string[] = []
  const person: Person = ({ message }) => {
    asked.push(message)
    return { action: 'decline' }
  }
  const mcp = await start({ flags: ['--confirm', 'writes'], person })
  const look = { source_type: 'Postgres', payload: { $ask: true } }
  const page = await visit(linkIn(textOf(await create(mcp, look, 'external_data_sources_database_schema'))))
  await submit(page, FILLED)
  const found = await create(mcp, look, 'external_data_sources_database_schema')
  const id = /\{"\$ask": "([\w-]+)"\}/.exec(String(found.structuredContent?.secrets_note))?.[1]
  expect(textOf(await create(mcp, { ...CREATE, payload: { $ask: id } }))).toMatch(/The person declined/)
  expect(asked).toHaveLength(1)
  expect(asked.join()).not.toContain('Typed-By')
  expect(
    writes()
      .map(({ path }) => path)
      .join(),
  ).not.toMatch(/external_data_sources\/$/)
})
