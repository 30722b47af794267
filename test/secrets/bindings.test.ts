import { describe, expect, test } from 'vitest'
import { readBindings } from '../../src/secrets/binding.ts'
import { placeInSecret, placeOfUrl, placesIn, unstated } from '../../src/secrets/places.ts'
import { checkBinding } from '../../src/secrets/target.ts'

const DB = 'Postgres@db.acme.com'
const reasonAgainst = (bindings: string, type: string, places: ReturnType<typeof placesIn>): string | undefined => {
  try {
    checkBinding('DB', readBindings(bindings), { type, places })
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'not an error'
  }
}
const against = (bindings: string, type: string, payload: unknown) =>
  reasonAgainst(bindings, type, placesIn(payload, 'payload'))

/** What a filled-in form holds besides its host. */
const REST = { port: 5432, database: 'app', user: 'reader', schema: 'public', password: 'typed-one' }

describe('a bound secret goes', () => {
  test.each<readonly [string, string, string, unknown]>([
    ['to its host', DB, 'Postgres', { ...REST, host: 'db.acme.com' }],
    ['to its host in any case', DB, 'Postgres', { ...REST, host: 'DB.Acme.COM' }],
    ['to its port', `${DB}:5432`, 'Postgres', { ...REST, host: 'db.acme.com' }],
    ['to its port as text', `${DB}:5432`, 'Postgres', { ...REST, host: 'db.acme.com', port: '5432' }],
    [
      'past a tunnel that is off',
      DB,
      'Postgres',
      { ...REST, host: 'db.acme.com', ssh_tunnel: { enabled: false, host: null, port: null } },
    ],
    [
      'through a tunnel it is bound to as well',
      `${DB}, Postgres@bastion.acme.com:22`,
      'Postgres',
      {
        ...REST,
        host: 'db.acme.com',
        ssh_tunnel: {
          enabled: true,
          host: 'bastion.acme.com',
          port: 22,
          auth: { selection: 'keypair', username: 'p' },
        },
      },
    ],
    [
      'to a connection string of its host',
      `${DB}:5432`,
      'Postgres',
      { connection_string: 'postgresql://reader:x%40y@db.acme.com/app?sslmode=require' },
    ],
    ['to a type without hosts', 'Stripe', 'Stripe', { auth_method: { selection: 'api_key' }, stripe_account_id: null }],
    [
      'to the part of an address a vendor asks for',
      'Zendesk@acme',
      'Zendesk',
      { subdomain: 'acme', email_address: 'a@b.c' },
    ],
    [
      'where a file of keys says',
      'BigQuery@oauth2.googleapis.com',
      'BigQuery',
      {
        key_file: {
          project_id: 'acme-1',
          client_email: 'x@acme-1.iam.gserviceaccount.com',
          token_uri: 'https://oauth2.googleapis.com/token',
        },
        dataset_id: 'main',
        use_custom_region: { enabled: true, region: 'europe-west1' },
      },
    ],
    [
      'past plain values of unknown settings',
      DB,
      'Postgres',
      { host: 'db.acme.com', start_date: '2026-01-01', pages: 5 },
    ],
    ['to an address with a number', 'Postgres@[::1]:5432', 'Postgres', { host: '[::1]', port: 5432 }],
  ])('%s', (_what, bindings, type, payload) => {
    expect(against(bindings, type, payload)).toBeUndefined()
  })
})

/** Ways to have a secret for db.acme.com sent to evil.example, or to where nobody can tell. */
const ATTACKS: Readonly<Record<string, readonly [payload: unknown, place: string]>> = {
  'another host': [{ ...REST, host: 'evil.example' }, 'payload.host (evil.example'],
  'a longer host': [{ host: 'db.acme.com.evil.example' }, 'payload.host (db.acme.com.evil.example'],
  'a host before': [{ host: 'evil-db.acme.com' }, 'payload.host'],
  'a trailing dot': [{ host: 'db.acme.com.' }, 'payload.host (not one plain address'],
  'a port in the host': [{ host: 'db.acme.com:6000' }, 'payload.host (not one'],
  'a user in the host': [{ host: 'db.acme.com@evil.example' }, 'payload.host (not one'],
  'a list of hosts': [{ host: 'db.acme.com,evil.example' }, 'payload.host (not one'],
  'a space': [{ host: ' db.acme.com' }, 'payload.host (not one'],
  'a line break': [{ host: 'db.acme.com\nevil.example' }, 'payload.host (not one'],
  'an end of text': [{ host: 'db.acme.com\u0000.evil.example' }, 'payload.host (not one'],
  'a path': [{ host: 'db.acme.com/../evil' }, 'payload.host (not one'],
  'a backslash': [{ host: 'evil.example\\db.acme.com' }, 'payload.host (not one'],
  'an escape': [{ host: 'db%2eacme.com' }, 'payload.host (not one'],
  'letters that look alike': [{ host: 'db.аcme.com' }, 'payload.host (not one'],
  'full-width dots': [{ host: 'db。acme。com' }, 'payload.host (not one'],
  'invisible characters': [{ host: 'db.acme.com\u200b' }, 'payload.host (not one'],
  punycode: [{ host: 'xn--db-cme.com' }, 'payload.host (xn--db-cme.com'],
  'a keyword string': [{ host: 'host=evil.example' }, 'payload.host (not one'],
  'a file of sockets': [{ host: '/var/run/evil' }, 'payload.host (not one'],
  'a list as value': [{ host: ['db.acme.com', 'evil.example'] }, 'payload.host (evil.example'],
  'twice, in other case': [{ host: 'db.acme.com', Host: 'evil.example' }, 'payload.Host (evil.example'],
  'twice, with a space': [{ host: 'db.acme.com', 'host ': 'evil.example' }, 'payload.host  (evil.example'],
  'twice, deeper': [
    { host: 'db.acme.com', ssh_tunnel: { enabled: true, host: 'evil.example' } },
    'payload.ssh_tunnel.host',
  ],
  'a tunnel spelled flat': [{ host: 'db.acme.com', ssh_tunnel_host: 'evil.example' }, 'payload.ssh_tunnel_host'],
  'a tunnel with hyphens': [{ host: 'db.acme.com', 'ssh-tunnel': { host: 'evil.example' } }, 'payload.ssh-tunnel.host'],
  'a tunnel that is off': [
    { host: 'db.acme.com', ssh_tunnel: { enabled: false, host: 'evil.example' } },
    'payload.ssh_tunnel.host',
  ],
  'an address of a source type nobody knows': [
    { host: 'db.acme.com', base_url: 'https://evil.example' },
    'payload.base_url',
  ],
  'an unknown setting': [{ host: 'db.acme.com', shop: 'evil' }, 'payload.shop (evil'],
  'a manifest': [
    { host: 'db.acme.com', manifest_json: '{"base_url":"https://evil.example"}' },
    'payload.manifest_json (not one',
  ],
  'a token address': [
    { host: 'db.acme.com', key_file: { token_uri: 'https://evil.example/t' } },
    'payload.key_file.token_uri',
  ],
  'a stored credential with a host of its own': [
    { host: 'db.acme.com', credential_id: '0198bb00-0000' },
    'payload.credential_id',
  ],
  'another type inside': [{ host: 'db.acme.com', source_type: 'Custom' }, 'payload.source_type'],
  'a connection string': [
    { host: 'db.acme.com', connection_string: 'postgres://u:p@evil.example/x' },
    'payload.connection_string (evil.example',
  ],
  'a connection string of many hosts': [
    { connection_string: 'postgres://u:p@db.acme.com,evil.example/x' },
    'payload.connection_string (not one',
  ],
  'a connection string with two @': [
    { connection_string: 'postgres://u:p@db.acme.com@evil.example/x' },
    'payload.connection_string (not one',
  ],
  'a connection string that overrides its host': [
    { connection_string: 'postgres://u:p@db.acme.com/x?host=evil.example' },
    'payload.connection_string (not one',
  ],
  'a connection string with hostaddr': [
    { connection_string: 'postgres://db.acme.com/x?sslmode=disable&hostaddr=6.6.6.6' },
    'payload.connection_string (not one',
  ],
  'a connection string with an escaped name': [
    { connection_string: 'postgres://db.acme.com/x?%68ost=evil.example' },
    'payload.connection_string (not one',
  ],
  'keywords for a connection string': [
    { connection_string: 'host=db.acme.com hostaddr=6.6.6.6' },
    'payload.connection_string (not one',
  ],
  'a literal secret with a host': [
    { host: 'db.acme.com', api_key: 'https://evil.example/?k=' },
    'payload.api_key (not one',
  ],
  'a database that is a connection string': [
    { host: 'db.acme.com', database: 'postgres://evil.example/x' },
    'payload.database (not one',
  ],
  'a database with keywords': [{ host: 'db.acme.com', database: 'x host=evil.example' }, 'payload.database (not one'],
  'a database that ends an address': [{ host: 'db.acme.com', database: 'x@evil.example' }, 'payload.database (not one'],
  'a port that ends an address': [{ host: 'db.acme.com', port: '5432@evil.example' }, 'payload.port (not one'],
  'a region that ends an address': [{ host: 'db.acme.com', region: 'evil.example/' }, 'payload.region (not one'],
  'a user with a path': [{ host: 'db.acme.com', user: 'x@evil.example/' }, 'payload.user (not one'],
  'an account of Snowflake': [{ host: 'db.acme.com', account_id: 'evil-account' }, 'payload.account_id (evil-account'],
  'no host at all': [{ ...REST }, 'Postgres'],
  'an empty host': [{ ...REST, host: '' }, 'Postgres'],
}

describe('a secret for db.acme.com does not go', () => {
  test.each(Object.entries(ATTACKS))('%s', (_what, [payload, place]) => {
    const reason = against(DB, 'Postgres', payload)
    expect(reason).toContain('The secret DB may only go to Postgres@db.acme.com; this call would send it to Postgres')
    expect(reason).toContain(place)
  })

  test('to another type, port, or a path nobody named', () => {
    expect(Object.keys(ATTACKS)).toHaveLength(49)
    const at = { host: 'db.acme.com', port: 5433 }
    expect(against(DB, 'MySQL', at)).toContain('to Postgres@db.acme.com; this call would send it to MySQL')
    expect(against(DB, 'postgres', at)).toContain('would send it to postgres')
    expect(against(`${DB}:5432`, 'Postgres', at)).toContain('payload.host (db.acme.com:5433)')
    expect(against(`${DB}:5432`, 'Postgres', { host: 'db.acme.com' })).toContain('payload.host (db.acme.com)')
    expect(against(`Stripe, ${DB}`, 'Stripe', { host: 'db.acme.com' })).toContain('payload.host')
    // A tunnel's port is its own, not that of the database beside it.
    const tunnel = { host: 'db.acme.com', port: 5432, ssh_tunnel_host: 'db.acme.com', ssh_tunnel_port: 22 }
    expect(against(`${DB}:5432`, 'Postgres', tunnel)).toContain('payload.ssh_tunnel_host (db.acme.com:22)')
  })

  test('by what is in the secret itself', () => {
    const inside = (path: string, value: string) => {
      const place = placeInSecret(path, value)
      return place && reasonAgainst(DB, 'Postgres', [place])
    }
    expect(inside('payload.password', 'p@ss/w:rd')).toBeUndefined()
    expect(inside('payload.connection_string', 'postgres://u:hunter2@db.acme.com/x')).toBeUndefined()
    for (const value of ['postgres://u:hunter2@evil.example/x', 'host=db.acme.com password=hunter2', 'hunter2']) {
      const reason = inside('payload.connection_string', value)
      expect(reason).toContain('payload.connection_string (')
      expect(reason).not.toContain('hunter2')
    }
    expect(inside('payload.password', 'postgres://u:hunter2@evil.example/x')).toContain(
      'payload.password (evil.example',
    )
  })
})

describe('the keys of a bucket', () => {
  const to = (bindings: string, url: string) => reasonAgainst(bindings, 'Table', [placeOfUrl('url_pattern', url)])
  const HOST = 'Table@acme.s3.us-east-1.amazonaws.com'
  const SHARED = 'Table@s3.us-east-1.amazonaws.com/acme'

  test('go to their bucket', () => {
    expect(to(HOST, 'https://acme.s3.us-east-1.amazonaws.com/a/*/{b,c}.parquet')).toBeUndefined()
    expect(to(`${HOST}:443`, 'HTTPS://ACME.s3.us-east-1.amazonaws.com/x.csv')).toBeUndefined()
    expect(to(SHARED, 'https://s3.us-east-1.amazonaws.com/acme/x/*.csv')).toBeUndefined()
  })

  test.each([
    'https://evil.s3.us-east-1.amazonaws.com/x.csv',
    'https://acme.s3.us-east-1.amazonaws.com.evil.example/x.csv',
    'https://acme.s3.us-east-1.amazonaws.com@evil.example/x.csv',
    'https://acme.s3.us-east-1.amazonaws.com\\@evil.example/x.csv',
    'https://acme.s3.us-east-1.amazonaws.com./x.csv',
    'https://{acme,evil}.s3.us-east-1.amazonaws.com/x.csv',
    'https://*.s3.us-east-1.amazonaws.com/x.csv',
    'http://acme.s3.us-east-1.amazonaws.com/x.csv',
    's3://acme.s3.us-east-1.amazonaws.com/x.csv',
    '//acme.s3.us-east-1.amazonaws.com/x.csv',
    ' https://acme.s3.us-east-1.amazonaws.com/x.csv',
  ])('do not go to %s', (url) => {
    expect(to(HOST, url)).toContain('this call would send it to Table, url_pattern (')
  })

  test.each([
    'evil/x',
    'acme/../evil/x',
    'acme/..',
    'acme%2f../x',
    'ac%6de/x',
    '{acme,evil}/x',
    '*/x',
    'acmeevil/x',
    '?acme/x',
  ])('on an address that many share, do not go to %s', (path) => {
    expect(to(SHARED, `https://s3.us-east-1.amazonaws.com/${path}`)).toContain('would send it to Table')
  })
})

test('an update has to state again all that may lead somewhere', () => {
  const stored = {
    host: 'db.acme.com',
    port: '5432',
    database: 'app',
    user: 'reader',
    ssh_tunnel: null,
    auth_method: { selection: 'api_key', stripe_integration_id: null },
  }
  const off = { enabled: false, host: null, port: null }
  expect(unstated(stored, { password: 'x' })).toEqual(['host', 'ssh_tunnel'])
  expect(unstated(stored, { host: '', ssh_tunnel: null })).toEqual(['host', 'ssh_tunnel'])
  expect(unstated(stored, { host: 'db.acme.com', ssh_tunnel: off })).toEqual([])
  // One that is on, or may be, keeps what somebody set a moment ago unless it says where.
  expect(unstated(stored, { host: 'h', ssh_tunnel: { enabled: true } })).toEqual(['ssh_tunnel'])
  expect(unstated(stored, { host: 'h', ssh_tunnel: {} })).toEqual(['ssh_tunnel'])
  expect(unstated(stored, { host: 'h', ssh_tunnel: { enabled: true, host: 'b' } })).toEqual([])
  expect(unstated({ subdomain: 'acme', email_address: 'a@b.c' }, {})).toEqual(['subdomain'])
  expect(unstated({ subdomain: null, start: null }, {})).toEqual(['subdomain'])
})

test.each([
  '',
  ' , ',
  'Postgres@',
  '@db.acme.com',
  'Postgres@db.acme.com.',
  'Postgres@a b',
  'Postgres@*.acme.com',
  'Postgres@db/a/b',
  'Postgres@ünï',
])('a binding cannot be %j', (text) => {
  expect(() => readBindings(text)).toThrow(RangeError)
})
