import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { freePort } from '../services/ports.ts'
import { type Sources, startSources } from './sources-client.ts'

let api: Sources
let nowhere: Readonly<Record<string, unknown>>

beforeAll(async () => {
  api = await startSources({ keys: [{ label: 'reader', scopes: ['external_data_source:read'] }] })
  // A port where nobody listens: what passes the checks before the connection ends there.
  nowhere = { host: '127.0.0.1', port: await freePort(), database: 'd', user: 'u', password: 'p4ssword' }
})

afterAll(() => api?.local.close())

const SOURCES = 'external_data_sources/'
const create = (body: unknown) => api.call('POST', SOURCES, body)
const NOBODY = 'Could not connect to the host on the port given'

const validation = (detail: string, attr: string | null, code = 'invalid_input') => ({
  status: 400,
  body: { type: 'validation_error', code, detail, attr },
})
const message = (text: unknown) => ({ status: 400, body: { message: text } })

describe('create', () => {
  test.each([
    [{ payload: {} }, validation('This field is required.', 'source_type', 'required')],
    [{ source_type: 'Foo', payload: {} }, validation('"Foo" is not a valid choice.', 'source_type', 'invalid_choice')],
    [{ source_type: 'Stripe' }, validation('This field is required.', 'payload', 'required')],
    [
      { source_type: 'Stripe', payload: {}, created_via: 'hacker' },
      validation('"hacker" is not a valid choice.', 'created_via', 'invalid_choice'),
    ],
    [
      { source_type: 'Postgres', payload: { password: { secretRef: 'x' }, user: { secretRef: 'y' } } },
      message(expect.stringMatching(/^Unresolved secret reference\(s\) for: password, user\./)),
    ],
    [
      { source_type: 'Stripe', payload: { credential_id: 'abc' } },
      message("Stored credential 'abc' not found or expired"),
    ],
    [
      { source_type: 'Stripe', payload: {}, access_method: 'direct', prefix: 'x' },
      message(
        'Direct query mode is currently supported only for Postgres, MySQL, Snowflake, Redshift, ClickHouse, MotherDuck, and Trino sources.',
      ),
    ],
    [
      { source_type: 'Postgres', payload: {}, access_method: 'direct', prefix: '   ' },
      message('Name is required for direct query sources'),
    ],
    [
      { source_type: 'Postgres', payload: {}, access_method: 'direct', prefix: 'Shop' },
      message('The local warehouse queries no source directly; PostHog does. Use access_method "warehouse".'),
    ],
    [
      { source_type: 'Postgres', payload: {}, prefix: '1-bad' },
      validation(
        'Prefix must contain only letters, numbers, and underscores, and start with a letter or underscore',
        null,
      ),
    ],
    [
      { source_type: 'Postgres', payload: {}, prefix: '___' },
      validation('Prefix cannot consist of only underscores', null),
    ],
    [
      { source_type: 'Postgres', payload: { host: 'h' } },
      message(
        "Invalid source config: Required field 'database' is missing, Required field 'user' is missing, Required field 'password' is missing, Required field 'port' is missing",
      ),
    ],
    [
      { source_type: 'Postgres', payload: { host: 'h', port: 'abc', database: 'd', user: 'u', password: 'p' } },
      message("Invalid source config: Field 'port' has an invalid value"),
    ],
    [
      {
        source_type: 'Postgres',
        payload: { host: 'h', port: 1, database: 'd', user: 'u', password: 'p', ssh_tunnel: { enabled: false } },
      },
      message("Invalid source config: Required field 'host' is missing, Required field 'port' is missing"),
    ],
    [
      { source_type: 'Postgres', payload: { host: 'h:5432', port: 1, database: 'd', user: 'u', password: 'p' } },
      message(
        'Enter a single hostname or IP address for the host, without a port, path, comma, space or trailing dot.',
      ),
    ],
    [
      { source_type: 'Postgres', payload: { host: 'no.invalid', port: 1, database: 'd', user: 'u', password: 'p' } },
      message(
        "Couldn't resolve the host 'no.invalid'. Check that it's spelled correctly and reachable from the public internet.",
      ),
    ],
    [
      { source_type: 'MongoDB', payload: {} },
      message("Invalid source config: Required field 'connection_string' is missing"),
    ],
    [
      { source_type: 'Zendesk', payload: { subdomain: 'a', api_key: 'b', email_address: 'c@d.e' } },
      message(
        'The local warehouse cannot reach Zendesk sources; PostHog might. It connects to Postgres, Supabase, Neon, PlanetScalePostgres, MySQL, PlanetScaleMySQL, AmazonS3, GoogleCloudStorage.',
      ),
    ],
    [
      { source_type: 'Supermetrics', payload: {} },
      message(expect.stringMatching(/^The local warehouse cannot reach Supermetrics sources/)),
    ],
  ])('answers %j', async (body, answer) => {
    expect(await create(body)).toMatchObject(answer)
    expect((await api.call('GET', SOURCES)).body).toMatchObject({ count: 0, results: [] })
  })

  it('tries the connection and keeps nothing when it fails', async () => {
    expect(await create({ source_type: 'Postgres', payload: nowhere })).toMatchObject(message(NOBODY))
    expect(await create({ source_type: 'MySQL', payload: nowhere })).toMatchObject(
      message('Could not connect to MySQL. Please check all connection details are valid.'),
    )
    expect((await api.call('GET', SOURCES)).body).toMatchObject({ count: 0 })
  })

  const tunnel = (auth: unknown, port: number) => ({ enabled: true, host: 'bastion', port, auth })
  test.each([
    [tunnel({}, 22), 'Authentication type not recognised'],
    [tunnel({ selection: 'password', username: 'u' }, 22), 'Username and password required'],
    [tunnel({ selection: 'keypair' }, 22), 'Private key is required'],
    [tunnel({ selection: 'keypair', private_key: 'k' }, 70_000), 'Port must be between 1 and 65535'],
    [tunnel({ selection: 'keypair', private_key: 'k' }, 80), 'Port 80 is not allowed'],
    [
      tunnel({ selection: 'keypair', private_key: 'k' }, 22),
      'The local warehouse opens no SSH tunnels; PostHog does. Connect to the database directly.',
    ],
  ])('says of the tunnel %j', async (ssh_tunnel, text) => {
    expect(await create({ source_type: 'Postgres', payload: { ...nowhere, ssh_tunnel } })).toMatchObject(message(text))
  })

  it('wants the write scope', async () => {
    const key = api.local.keys.reader ?? ''
    expect(await api.call('POST', SOURCES, { source_type: 'Foo' }, key)).toMatchObject({
      status: 403,
      body: { detail: "API key missing required scope 'external_data_source:write'" },
    })
    expect((await api.call('GET', SOURCES, undefined, key)).status).toBe(200)
  })
})

describe('database_schema', () => {
  test.each([
    [{}, 'Missing required parameter: source_type'],
    [{ source_type: 'postgres' }, "Unknown source_type 'postgres'"],
  ])('answers %j', async (body, text) => {
    expect(await api.call('POST', `${SOURCES}database_schema/`, body)).toMatchObject(message(text))
  })

  it('wants the settings at the top of the body', async () => {
    const nested = { source_type: 'Postgres', payload: nowhere }
    expect(await api.call('POST', `${SOURCES}database_schema/`, nested)).toMatchObject(
      message(expect.stringMatching(/^Invalid source config: Required field 'host' is missing/)),
    )
    expect(await api.call('POST', `${SOURCES}database_schema/`, { source_type: 'Postgres', ...nowhere })).toMatchObject(
      message(NOBODY),
    )
  })
})

describe('source_prefix', () => {
  const ask = (body: unknown) => api.call('POST', `${SOURCES}source_prefix/`, body)

  it('is free with an empty answer, also for what create would refuse', async () => {
    expect(await ask({ source_type: 'Postgres', prefix: '123-abc' })).toMatchObject({ status: 200, body: null })
  })

  it('crashes without a type, as upstream does', async () => {
    expect((await ask({ prefix: 'x' })).status).toBe(500)
  })
})

describe('wizard', () => {
  it('has the entry of a type, whole', async () => {
    const answer = await api.call('GET', `${SOURCES}wizard/?source_type=Zendesk`)
    expect(answer.headers.get('cache-control')).toBe('private, max-age=600')
    expect(answer).toMatchObject({ status: 200 })
    expect(answer.body).toEqual({
      Zendesk: {
        caption: expect.any(String),
        category: 'Customer support',
        disabledReason: null,
        docsUrl: 'https://posthog.com/docs/cdp/sources/zendesk',
        existingSource: null,
        featureFlag: null,
        featured: false,
        fields: [
          {
            caption: null,
            label: 'Zendesk subdomain',
            name: 'subdomain',
            placeholder: '',
            required: true,
            secret: false,
            type: 'text',
          },
          {
            caption: null,
            label: 'API key',
            name: 'api_key',
            placeholder: '',
            required: true,
            secret: true,
            type: 'password',
          },
          {
            caption: null,
            label: 'Zendesk email address',
            name: 'email_address',
            placeholder: '',
            required: true,
            secret: false,
            type: 'email',
          },
        ],
        iconClassName: 'rounded dark:bg-white p-[2px]',
        iconPath: '/static/services/zendesk.png',
        keywords: null,
        label: null,
        name: 'Zendesk',
        permissionsCaption: null,
        releaseStatus: null,
        suggestedTables: [],
        supportsColumnSelection: false,
        unreleasedSource: null,
        webhookFields: null,
        webhookManualOnly: null,
        webhookSetupCaption: null,
        versions: ['v2'],
        defaultVersion: 'v2',
        apiDocsUrl: 'https://developer.zendesk.com/api-reference',
        deprecatedVersions: [],
      },
    })
  })

  it('has all types that have a form, and names those that have not', async () => {
    const all = (await api.call('GET', `${SOURCES}wizard/`)).body
    expect(Object.keys(all)).toEqual(
      expect.arrayContaining(['Postgres', 'MySQL', 'Snowflake', 'BigQuery', 'Stripe', 'Hubspot', 'Github']),
    )
    expect(await api.call('GET', `${SOURCES}wizard/?source_type=Foo,Bar`)).toMatchObject(
      message('Unknown source_type(s): Bar, Foo. Omit source_type to list every available type.'),
    )
  })
})

describe('what is not there', () => {
  const id = '00000000-0000-4000-8000-000000000000'
  test.each([
    ['GET', `${SOURCES}${id}/`],
    ['PATCH', `${SOURCES}${id}/`],
    ['PUT', `${SOURCES}${id}/`],
    ['DELETE', `${SOURCES}${id}/`],
    ['GET', `${SOURCES}${id}/jobs/`],
    ['POST', `${SOURCES}${id}/reload/`],
    ['POST', `${SOURCES}${id}/refresh_schemas/`],
    ['PATCH', `${SOURCES}${id}/revenue_analytics_config/`],
    ['GET', `external_data_schemas/${id}/`],
    ['PATCH', `external_data_schemas/${id}/`],
    ['DELETE', `external_data_schemas/${id}/`],
    ['POST', `external_data_schemas/${id}/reload/`],
    ['POST', `external_data_schemas/${id}/resync/`],
    ['POST', `external_data_schemas/${id}/cancel/`],
    ['POST', `external_data_schemas/${id}/incremental_fields/`],
    ['DELETE', `external_data_schemas/${id}/delete_data/`],
  ])('is a 404: %s %s', async (method, path) => {
    expect(await api.call(method, path, method === 'GET' || method === 'DELETE' ? undefined : {})).toMatchObject({
      status: 404,
      body: { type: 'invalid_request', code: 'not_found', detail: 'Not found.', attr: null },
    })
  })

  it('makes no tables by hand', async () => {
    expect(await api.call('POST', 'external_data_schemas/', {})).toMatchObject({
      status: 405,
      body: { type: 'invalid_request', code: 'method_not_allowed', detail: 'Method "POST" not allowed.', attr: null },
    })
  })
})
