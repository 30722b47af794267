import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operations, questions } from '../../tools/index.ts'
import { requests } from '../calls/requests.ts'
import { type Connection, connectMcp, type Result, useMcp } from '../fake/mcp.ts'
import { approves, type Person } from '../fake/person.ts'
import { type Recorder, type Script, startRecorder } from '../fake/recorder.ts'

const ID = '0198bb00-0000-0000-0000-000000000001'
const VALUE = 'Reference-Value+42/x'
const BUCKET = 'https://acme.s3.us-east-1.amazonaws.com/x/*.csv'
const env = {
  LOG_LEVEL: 'debug',
  MCP_SECRET_DB: VALUE,
  MCP_SECRET_DB_FOR: 'Postgres@db.acme.com',
  MCP_SECRET_AWS: 'Bucket-Secret/77',
  MCP_SECRET_AWS_FOR: 'Table@acme.s3.us-east-1.amazonaws.com',
  MCP_SECRET_STRIPE: 'stripe-value-123',
  MCP_SECRET_STRIPE_FOR: 'Stripe',
  MCP_SECRET_DSN: `postgresql://reader:${encodeURIComponent(VALUE)}@db.acme.com/app`,
  MCP_SECRET_DSN_FOR: 'Postgres@db.acme.com',
  MCP_SECRET_LOOSE: 'nobody-bound-me',
}
let posthog: Recorder
let mcp: Connection

beforeAll(async () => {
  posthog = await startRecorder()
  mcp = await connectMcp({ origin: posthog.origin, env })
})
afterAll(async () => {
  await mcp.close()
  await posthog.close()
})

const $ = (name: string) => ({ $secret: name })
const answers: Script = ({ method }) => ({ status: method === 'POST' ? 201 : 200, json: { id: ID } })
const call = async (tool: string, args: Record<string, unknown>, script: Script = answers): Promise<Result> => {
  posthog.script(script)
  const result = await mcp.call(tool, args)
  expect(JSON.stringify([result, mcp.stderr])).not.toMatch(/Reference-Value|Bucket-Secret|stripe-value|nobody-bound/)
  return result
}
const textOf = ({ content }: Result) => content[0]?.text ?? ''
/** The words of a call that was refused, and that nothing was sent of. */
const refused = async (tool: string, args: Record<string, unknown>): Promise<string> => {
  const result = await call(tool, args)
  expect([result.isError, posthog.requests.length], textOf(result)).toEqual([true, 0])
  expect(textOf(result)).toContain('Nothing was changed.')
  return textOf(result)
}
const sent = () => posthog.requests.map(({ method, json }) => ({ method, json }))

const create = (payload: unknown, more = {}) => ({ source_type: 'Postgres', all_tables: true, payload, ...more })
const GOOD = { host: 'db.acme.com', port: 5432, database: 'app', user: 'reader', password: $('DB') }

describe('a reference is replaced in the body', () => {
  test('of a new source', async () => {
    expect((await call('external_data_sources_create', create(GOOD))).structuredContent).toEqual({
      id: ID,
      project_id: 7,
    })
    const payload = { ...GOOD, password: VALUE }
    expect(sent()).toEqual([{ method: 'POST', json: { source_type: 'Postgres', payload, created_via: 'mcp' } }])
    const [request] = posthog.requests
    expect(JSON.stringify([request?.path, request?.query, request?.headers])).not.toContain('Reference')
  })

  test.each([
    ['the payload as text', create(JSON.stringify(GOOD))],
    ['the reference as text', create({ ...GOOD, password: JSON.stringify($('DB')) })],
  ])('written as a model may: %s', async (_what, args) => {
    await call('external_data_sources_create', args)
    expect(sent()[0]?.json).toMatchObject({ payload: { ...GOOD, password: VALUE } })
  })

  test('of a look into a source, deep in it, several times', async () => {
    const auth = { selection: 'password', username: 'p', password: $('DB') }
    const payload = { ...GOOD, ssh_tunnel: { enabled: true, host: 'db.acme.com', port: 22, auth } }
    await call('external_data_sources_database_schema', { source_type: 'Postgres', payload }, () => ({ json: [] }))
    expect(sent()[0]?.json).toMatchObject({ password: VALUE, ssh_tunnel: { auth: { ...auth, password: VALUE } } })
  })

  test('of a table, where the input is a string otherwise', async () => {
    const credential = { access_key: 'AKIA-key', access_secret: $('AWS') }
    await call('warehouse_tables_create', { name: 't', format: 'CSV', url_pattern: BUCKET, credential })
    expect(sent()[0]?.json).toMatchObject({ credential: { access_key: 'AKIA-key', access_secret: 'Bucket-Secret/77' } })
    await call('warehouse_tables_update', { id: ID, url_pattern: BUCKET, credential: { access_secret: $('AWS') } })
    expect(sent()).toEqual([
      { method: 'PATCH', json: { url_pattern: BUCKET, credential: { access_secret: 'Bucket-Secret/77' } } },
    ])
  })

  test('of a type that has no host, and of one whose host is in the secret', async () => {
    const auth_method = { selection: 'api_key', stripe_secret_key: $('STRIPE') }
    await call('external_data_sources_create', create({ auth_method }, { source_type: 'Stripe' }))
    expect(sent()[0]?.json).toMatchObject({ payload: { auth_method: { stripe_secret_key: 'stripe-value-123' } } })
    await call('external_data_sources_create', create({ connection_string: $('DSN') }))
    expect(sent()[0]?.json).toMatchObject({ payload: { connection_string: env.MCP_SECRET_DSN } })
  })
})

describe('a real secret to an evil host', () => {
  test.each([
    ['its own', { ...GOOD, host: 'evil.example' }, {}, 'payload.host (evil.example:5432)'],
    ['in a tunnel', { ...GOOD, ssh_tunnel: { enabled: true, host: 'evil.example', port: 22 } }, {}, 'ssh_tunnel.host'],
    ['of another type', { ...GOOD, host: 'db.acme.com' }, { source_type: 'MySQL' }, 'would send it to MySQL'],
    ['in a literal string', { ...GOOD, connection_string: 'postgres://a:b@evil.example/x' }, {}, 'connection_string'],
    [
      'of a type without one',
      { stripe_secret_key: $('STRIPE'), base_url: 'https://evil.example' },
      { source_type: 'Stripe' },
      'payload.base_url',
    ],
    ['of a secret that is put elsewhere', { host: 'evil.example', api_key: $('DSN') }, {}, 'evil.example'],
  ])('%s: is not sent', async (_what, payload, more, place) => {
    const text = await refused('external_data_sources_create', create(payload, more))
    expect(text).toContain(place)
    expect(text).toMatch(/^The secret (DB|STRIPE|DSN) may only go to (Postgres@db\.acme\.com|Stripe); /)
    const { all_tables: _, ...look } = create(payload, more)
    expect(await refused('external_data_sources_database_schema', look)).toBe(text)
  })

  test('nor to another bucket, nor to one that the call does not name', async () => {
    const credential = { access_secret: $('AWS') }
    const evil = 'https://acme.s3.us-east-1.amazonaws.com@evil.example/x.csv'
    expect(await refused('warehouse_tables_update', { id: ID, url_pattern: evil, credential })).toContain(
      'The secret AWS may only go to Table@acme.s3.us-east-1.amazonaws.com',
    )
    expect(await refused('warehouse_tables_update', { id: ID, credential })).toContain(
      'the same call has to say where the secret goes: url_pattern.',
    )
    // Keys of a database are none of a bucket.
    const keys = { access_key: $('DB'), access_secret: $('AWS') }
    expect(
      await refused('warehouse_tables_create', { name: 't', format: 'CSV', url_pattern: BUCKET, credential: keys }),
    ).toContain('The secret DB may only go to Postgres@db.acme.com; this call would send it to Table')
  })

  test.each(['legacy', 'modern', 'v1'] as const)(
    '%s: an unbound one goes nowhere before a person has said so',
    async (era) => {
      const args = create({ ...GOOD, password: $('LOOSE') })
      let answer: Person = () => ({ action: 'decline' })
      const shown: string[] = []
      const person: Person = (question, signal) => {
        shown.push(question.message)
        return answer(question, signal)
      }
      const asked = await useMcp({ era, origin: posthog.origin, env, person })
      posthog.script(answers)
      expect(textOf(await asked.call('external_data_sources_create', args))).toMatch(
        /declined[\s\S]*Nothing was changed/,
      )
      expect(posthog.requests).toEqual([])
      expect(shown[0]).toContain('LOOSE goes to: Postgres, payload.host (db.acme.com:5432)')
      answer = approves
      expect((await asked.call('external_data_sources_create', args)).isError).not.toBe(true)
      expect(sent()).toMatchObject([{ json: { payload: { password: 'nobody-bound-me' } } }])
      // Bound ones need nobody.
      await asked.call('external_data_sources_create', create(GOOD))
      expect(shown).toHaveLength(2)
      const alone = await useMcp({
        era,
        origin: posthog.origin,
        env,
        person: 'nobody',
        flags: ['--unasked', 'preview'],
      })
      posthog.script(answers)
      const text = textOf(await alone.call('external_data_sources_create', args))
      expect(text).toContain('LOOSE goes to: “Postgres, payload.host (db.acme.com:5432)”')
      expect(text).toContain('MCP_SECRET_LOOSE_FOR=Postgres@HOST')
      expect(text).toContain('Nothing was changed.')
      expect(posthog.requests).toEqual([])
      expect(JSON.stringify([shown, text])).not.toContain('nobody-bound')
    },
  )
})

describe('an update', () => {
  const off = { enabled: false, host: null, port: null }
  const stored = { host: 'db.acme.com', port: '5432', database: 'app', user: 'reader', ssh_tunnel: null }
  const source = (more: object = {}) => ({ id: ID, source_type: 'Postgres', job_inputs: stored, ...more })
  const change = (job_inputs: unknown, found: unknown = source(), status = 200) =>
    call('external_data_sources_update', { id: ID, job_inputs }, ({ method }) =>
      method === 'GET' ? { status, json: found } : { json: source() },
    )
  const kept = async (result: Promise<Result>): Promise<string> => {
    const { isError, content } = await result
    expect([isError, posthog.requests.map(({ method }) => method)]).toEqual([true, ['GET']])
    return content[0]?.text ?? ''
  }

  test('looks up the type, and sends the secret where the call itself says', async () => {
    await change({ host: 'db.acme.com', ssh_tunnel: off, password: $('DB') })
    expect(sent()).toEqual([
      { method: 'GET', json: undefined },
      { method: 'PATCH', json: { job_inputs: { host: 'db.acme.com', ssh_tunnel: off, password: VALUE } } },
    ])
  })

  test('that does not say where, or elsewhere, sends nothing', async () => {
    expect(await kept(change({ password: $('DB') }))).toContain('goes: job_inputs.host, job_inputs.ssh_tunnel.')
    expect(await kept(change({ host: 'db.acme.com', password: $('DB') }))).toContain('goes: job_inputs.ssh_tunnel.')
    expect(await kept(change({ host: 'evil.example', ssh_tunnel: off, password: $('DB') }))).toContain(
      'job_inputs.host (evil.example)',
    )
    const all = { host: 'db.acme.com', ssh_tunnel: off, password: $('DB') }
    expect(await kept(change(all, source({ source_type: 'MySQL' })))).toContain('would send it to MySQL')
  })

  test.each([
    ['refused', { detail: 'Not found.' }, 404],
    ['without a type', { id: ID, job_inputs: stored }, 200],
    ['of another source', { ...source(), id: 'other' }, 200],
    ['no object', [], 200],
  ])('whose look-up is %s sends nothing', async (_what, found, status) => {
    const all = { host: 'db.acme.com', ssh_tunnel: off, password: $('DB') }
    expect(await kept(change(all, found, status))).toContain('It could not be looked up where the secret would go')
  })
})

describe('a reference anywhere else', () => {
  /** Every input of every tool, with arguments that are right otherwise. */
  const inputs = [...questions, ...operations].flatMap((record) =>
    Object.keys(record.input.shape).map((input) => ({ record, input })),
  )
  /** Inputs that hold settings, of which those that are secrets by name take references. */
  const holds = new Set(['payload', 'job_inputs', 'credential'])

  test('is refused in every input of every tool, before anything is sent', async () => {
    let checked = 0
    for (const { record, input } of inputs) {
      for (const value of [$('DB'), [$('DB')], { deep: [{ er: $('DB') }] }, JSON.stringify($('DB'))]) {
        const text = await refused(record.name, { ...requests[record.name]?.args, [input]: value })
        expect(text, `${record.name} ${input}`).toContain('A secret reference is only taken in: ')
        expect(text).toContain(`One was given in ${input}`)
        checked += 1
      }
    }
    expect(checked).toBe(4 * inputs.length)
    expect(inputs.length).toBeGreaterThan(120)
    expect(inputs.filter(({ input }) => holds.has(input)).length).toBe(5)
  }, 90_000)

  test.each(['host', 'user', 'database', 'schema', 'port', 'some_setting', 'connection', 'selection'])(
    'is refused in payload.%s, which PostHog may show again',
    async (name) => {
      for (const payload of [
        { ...GOOD, [name]: $('DB') },
        { ...GOOD, deep: { [name]: [$('DB')] } },
      ]) {
        const text = await refused('external_data_sources_create', create(payload))
        expect(text).toContain('only taken in: payload, in fields that are secrets by name (password, ')
      }
    },
  )

  test('is refused beside arguments that are wrong', async () => {
    const text = await refused('external_data_sources_create', { ...create(GOOD), description: $('DB'), nonsense: 1 })
    expect(text).toContain('One was given in description')
  })

  test.each([
    { $secret: 'DB', more: 1 },
    { $secret: 1 },
    { $secret: '../DB' },
    { $secret: '' },
    { $secret: { $secret: 'DB' } },
  ])('is no reference in another form: %j', async (password) => {
    const text = await refused('external_data_sources_create', create({ ...GOOD, password }))
    expect(text).toContain('payload.password: a secret reference is {"$secret": "NAME"} and holds nothing else')
  })

  test('to a name that is not there lists those that are', async () => {
    for (const name of ['PROD', 'db', 'DB_FOR', 'POSTHOG_PERSONAL_API_KEY', 'PATH']) {
      const text = await refused('external_data_sources_create', create({ ...GOOD, password: $(name) }))
      expect(text).toBe(
        `There is no secret ${name} for this caller.\nNothing was changed.\nThere are: AWS, DB, DSN, LOOSE, STRIPE.`,
      )
    }
  })

  test('a text that an argument makes up is not taken for one', async () => {
    const payload = { ...GOOD, schema: 'secret-DB-00112233445566778899aabbccddeeff001122-0' }
    await call('external_data_sources_create', create(payload))
    expect(sent()[0]?.json).toMatchObject({ payload: { ...payload, password: VALUE } })
  })
})

describe('what a client is told', () => {
  test('names, once, and that secret inputs take them', async () => {
    expect(mcp.instructions).toContain(
      'In secret inputs give {"$secret": "NAME"}, never the value: AWS, DB, DSN, LOOSE, STRIPE.',
    )
    const tools = await mcp.list()
    const credential = tools.find(({ name }) => name === 'warehouse_tables_create')?.inputSchema.properties
    const names = { enum: ['AWS', 'DB', 'DSN', 'LOOSE', 'STRIPE'] }
    const reference = {
      type: 'object',
      properties: { $secret: names },
      required: ['$secret'],
      additionalProperties: false,
    }
    const either = { anyOf: [{ type: 'string' }, reference] }
    expect(credential).toMatchObject({ credential: { properties: { access_key: either, access_secret: either } } })
  })

  test('where there are none, nothing of it', async () => {
    const bare = await useMcp({ origin: posthog.origin })
    expect(bare.instructions).not.toContain('$secret')
    const [all, some] = [await bare.list(), await mcp.list()]
    const differ = all.filter((tool, at) => JSON.stringify(tool) !== JSON.stringify(some[at]))
    expect(differ.map(({ name }) => name)).toEqual(['warehouse_tables_create', 'warehouse_tables_update'])
    expect(JSON.stringify(all)).not.toContain('$secret')
    const { content } = await bare.call('external_data_sources_create', create(GOOD))
    expect(content[0]?.text).toContain('There is no secret DB for this caller')
    expect(content[0]?.text).toContain('MCP_SECRET_DB')
  })
})
