import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRedactor, secretsIn } from '../../src/redact.ts'
import { FORMS } from '../security/forms.ts'

const SECRET = 'pa$$/W+rd & "ü" <\'!>~Q9'

describe('a known secret', () => {
  test.each(Object.entries(FORMS))('is masked as %s', (name, form) => {
    const written = form(SECRET)
    const masked = createRedactor([SECRET]).text(`it said ${written} there`)
    expect(masked).toMatch(/^it said .*\*\*\*.* there$/)
    expect(masked).not.toContain(written)
    // Base64 leaves the characters that the secret shares with its neighbours; they are too few to be any of it.
    const rest = masked.replace(/^it said | there$/g, '').replace('***', '')
    expect(rest.length, name).toBeLessThanOrEqual(name.startsWith('base64') ? 10 : 0)
  })

  test('random secrets survive in no form', () => {
    const forms = Object.entries(FORMS)
    let checked = 0
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 8, maxLength: 60 }).filter((s) => s.trim().length >= 8),
        fc.nat(forms.length - 1),
        (secret, index) => {
          const [name = '', form = String] = forms[index] ?? []
          const written = form(secret)
          const masked = createRedactor([secret]).text(`<${written}>`)
          expect(masked, name).not.toContain(written)
          if (name.startsWith('base64')) expect(masked.length, name).toBeLessThanOrEqual('<***>'.length + 10)
          checked += 1
        },
      ),
      { numRuns: 600 },
    )
    expect(checked).toBe(600)
  })

  test('is masked in keys, lists and nested objects of a reply', () => {
    const value = createRedactor(['hunter2-hunter2']).value({
      rows: [['x hunter2-hunter2 y'], { 'hunter2-hunter2': 1 }],
      note: 'aHVudGVyMi1odW50ZXIy',
    })
    expect(value).toEqual({ rows: [['x *** y'], { '***': 1 }], note: '***' })
  })

  test('of several lines is masked line by line too', () => {
    const body = 'MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgw'
    const redactor = createRedactor([`-----BEGIN PRIVATE KEY-----\r\n${body}\r\n-----END PRIVATE KEY-----`])
    expect(redactor.text(`bad line 2: ${body}`)).toBe('bad line 2: ***')
  })

  test('masks the whole of a secret that contains another', () => {
    expect(createRedactor(['abcd1234', 'abcd1234efgh5678']).text('abcd1234efgh5678')).toBe('***')
  })

  test('shorter than four characters is ordinary text', () => {
    expect(createRedactor(['no', '', '   ']).text('no one')).toBe('no one')
  })
})

describe('what upstream wrote into free text', () => {
  const text = createRedactor([]).text
  test.each([
    ['a label with a beginning', 'db_password=hunter2 PGPASSWORD=hunter3', 'db_password=*** PGPASSWORD=***'],
    ['JSON', '{"access_token": "abc"}', '{"access_token": ***}'],
    ['escaped JSON', '{\\"access_token\\": \\"abc\\"}', '{\\"access_token\\": ***}'],
    ['a quoted value with a quote in it', 'password="a\\"b c" host=x', 'password=*** host=x'],
    ['a link', 'GET /x?access_token=abc&y=1', 'GET /x?access_token=***&y=1'],
    [
      'a name of several words',
      'stripe_secret_key: sk1, private_key_passphrase=p2',
      'stripe_secret_key: ***, private_key_passphrase=***',
    ],
    ['a connection string', 'Server=h;Password=b c;Database=d', 'Server=h;Password=***;Database=d'],
    ['an @ in an address', 'postgres://u:p@ss@host/db refused', 'postgres://***@host/db refused'],
    ['a quote in an address', 'postgres://u:p"a\'s@host/db', 'postgres://***@host/db'],
    ['basic credentials', 'Authorization: Basic dXNlcjpwYXNzd29yZA==', 'Authorization: Basic ***'],
  ])('%s', (_case, said, masked) => {
    expect(text(said)).toBe(masked)
  })

  test.each(['basic authentication failed', 'the password was rejected', 'column total: 12', 'https://host:8443/path'])(
    'leaves alone: %s',
    (said) => {
      expect(text(said)).toBe(said)
    },
  )
})

test('every leaf under a secret name is masked, whatever its type; a flag is not', () => {
  const value = createRedactor([]).value({
    password: 12345678,
    token: { a: 'leakme' },
    connectionString: 'x',
    apikey: 'y',
    fields: [{ name: 'password', secret: true }],
  })
  expect(value).toEqual({
    password: '***',
    token: { a: '***' },
    connectionString: '***',
    apikey: '***',
    fields: [{ name: 'password', secret: true }],
  })
})

test('settings of a source are no secrets: ids and times stay whole', () => {
  const payload = { site: 2026, start_date: '2024-01-01', flag: 'true' }
  expect(secretsIn({ payload }, ['payload.*'])).toEqual([])
})

describe('without knowing a secret', () => {
  test.each([
    ['a login in an address', 'postgres://admin:s3cr3t!@db.example.com/x', 'postgres://***@db.example.com/x'],
    ['a login without a user', 'redis://:s3cr3t!@cache:6379', 'redis://***@cache:6379'],
    ['a PostHog key', 'phx_AbCdEf0123456789', '***'],
    ['a PostHog secret key', 'phs_AbCdEf0123456789', '***'],
    ['an AWS key id', 'AKIAIOSFODNN7EXAMPLE', '***'],
    ['a bearer token', 'Authorization: Bearer abc.def-123456', 'Authorization: Bearer ***'],
    ['a Stripe key', 'sk_live_4eC39HqLyjWDarjtT1zdp7dc', '***'],
    ['a GitHub token', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a', '***'],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N', '***'],
    ['a signed link', 'https://b/x?X-Amz-Signature=abc123&y=1', 'https://b/x?X-Amz-Signature=***&y=1'],
    ['an Azure key', 'AccountName=a;AccountKey=abc123==;x', 'AccountName=a;AccountKey=***;x'],
    [
      'a private key',
      '-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\n-----END RSA PRIVATE KEY----- (end)',
      '*** (end)',
    ],
    ['half a private key', 'x -----BEGIN PRIVATE KEY-----\nMIIEowIBAAKCAQEA', 'x ***'],
    ['a connection string', 'host=db user=u password=s3cr3t dbname=x', 'host=db user=u password=*** dbname=x'],
    ['a quoted password', `password='s3 cr3t', host=db`, 'password=***, host=db'],
    ['JSON text', '{"password": "s3 cr3t", "host": "db"}', '{"password": ***, "host": "db"}'],
    ['pwd with a colon', 'pwd: s3cr3t', 'pwd: ***'],
  ])('%s is masked in free text', (_name, text, masked) => {
    expect(createRedactor([]).text(text)).toBe(masked)
    expect(createRedactor([]).value({ latest_error: text })).toEqual({ latest_error: masked })
  })

  test.each(['access_secret', 'client_secret', 'api_token', 'password', 'private_key', 'my_token', 'aws_secret_key'])(
    'a reply field called %s is masked',
    (name) => {
      expect(createRedactor([]).value({ a: { [name]: 'anything' } })).toEqual({ a: { [name]: '***' } })
    },
  )

  test('a revealed field is kept, its neighbours are not', () => {
    const reply = { password: 'pw-1234', token: 'x', other_token: 'y' }
    expect(createRedactor([]).value(reply, { reveals: ['password'] })).toMatchObject({
      password: 'pw-1234',
      other_token: '***',
    })
  })

  test('SQL that compares a column called password is left alone', () => {
    const reply = { query: { query: "select * from u where password = 'x' and token: 1" } }
    expect(createRedactor([]).value(reply)).toEqual(reply)
  })

  test('ordinary words are unchanged', () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 30 }), (words) => {
        expect(createRedactor(['not-in-these-words']).text(words)).toBe(words)
      }),
    )
  })

  test('ordinary JSON is unchanged', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('id', 'name', 'rows', 'status', 'columns'), fc.jsonValue()),
        (value) => {
          const plain: unknown = JSON.parse(JSON.stringify(value).replace(/[^\x20-\x7e]|[@:]{2}/g, ''))
          expect(createRedactor(['not-in-this-value']).value(plain)).toEqual(plain)
        },
      ),
    )
  })
})

describe('the secrets of a call', () => {
  test('are the leaves below the declared paths', () => {
    const input = { credential: { access_key: 'AK', access_secret: 'AS' }, name: 'x' }
    expect(secretsIn(input, ['credential.access_key', 'credential.access_secret'])).toEqual(['AK', 'AS'])
  })

  test('are every leaf of a payload that is not plainly a setting', () => {
    const payload = {
      host: 'db',
      port: 5432,
      user: 'u',
      password: 'p',
      ssh_tunnel: { host: 'h', auth_type: { selection: 'password', password: 'sp', private_key: 'pk' } },
      pin: 123456,
      list: ['one', { token: 'two' }],
    }
    expect(secretsIn({ payload }, ['payload.*'])).toEqual(['p', 'sp', 'pk', '123456', 'one', 'two'])
  })
})

describe('a text made to be slow', () => {
  // A quadratic search of these takes minutes; the runner's own time-out is the check.
  test.each([
    'a://x:',
    'ab://',
    'a://:@',
    'password',
    'password=',
    'password="\\',
    'token_',
    '?token',
    'eyJaaaaaaaaa-',
    'Basic a',
    '-----BEGIN PRIVATE KEY',
    '&a.token.',
  ])('of %j a megabyte long is masked in time', (piece) => {
    const text = `${piece.repeat(1_000_000 / piece.length)} phx_AbCdEf0123456789`
    expect(createRedactor(['known-secret']).text(text)).not.toContain('AbCdEf')
  })
})

describe('secrets nobody would choose', () => {
  test('a lone surrogate, a NUL and control characters', () => {
    for (const secret of ['abc\ud800def', 'abc\0defgh', 'abc\u001b[31mdef'])
      expect(createRedactor([secret]).text(`<${secret}>`)).toBe('<***>')
  })

  test('backslashes and quotes, escaped up to twice', () => {
    for (const secret of ['C:\\dir\\pw"1\\', '\\\\\\\\abcd', 'a\\"b\\"c\\"d']) {
      const once = JSON.stringify(secret).slice(1, -1)
      for (const written of [secret, once, JSON.stringify(once).slice(1, -1), encodeURIComponent(secret)])
        expect(createRedactor([secret]).text(`<${written}>`)).toBe('<***>')
    }
  })

  test('a text made to be slow against its pattern is no slower than linear', () => {
    const secret = `${'\\"%'.repeat(60)}x`
    const text = `${'\\\\\\"%25'.repeat(20_000)}y`
    expect(createRedactor([secret]).text(text)).toBe(text)
  })

  test('one of a megabyte', () => {
    const secret = 'k"y/'.repeat(300_000)
    const redactor = createRedactor([secret])
    expect(redactor.text(`<${secret}>`)).toBe('<***>')
    expect(redactor.text(`<${JSON.stringify(secret)}>`)).toBe('<"***">')
  })
})
