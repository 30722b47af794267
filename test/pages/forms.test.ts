import { describe, expect, test } from 'vitest'
import { WIZARD } from '../../src/local/sources/wizard-entries.ts'
import type { FormField } from '../../src/pages/fields.ts'
import { prefill } from '../../src/pages/prefill.ts'
import { readForm, type Submitted } from '../../src/pages/read-form.ts'
import { readWizard } from '../../src/pages/wizard-fields.ts'

const formOf = (type: string): readonly FormField[] => readWizard(WIZARD.get(type)?.fields ?? [])

/** Fills in every field that counts, with something that fits it. */
const fillAll = (fields: readonly FormField[], at = '', into = new Map<string, string[]>()): Map<string, string[]> => {
  for (const field of fields) {
    const path = at === '' ? field.name : `${at}.${field.name}`
    if (field.kind === 'text') into.set(path, [field.type === 'number' ? '42' : `value of ${field.name}`])
    if (field.kind === 'file') {
      const keys = field.keys === '*' ? ['any'] : field.keys
      into.set(path, [JSON.stringify(Object.fromEntries(keys.map((key) => [key, key])))])
    }
    if (field.kind === 'switch') fillAll(field.fields, path, into.set(path, ['on']))
    if (field.kind === 'choice') {
      const [first] = field.options
      into.set(path, [first?.value ?? ''])
      fillAll(first?.fields ?? [], `${path}=${first?.value}`, into)
    }
  }
  return into
}
const submitted = (values: Record<string, string>): Submitted =>
  new Map(Object.entries(values).map(([name, value]) => [name, [value]]))

test('there is a form for every type the local warehouse has, and filled in it has nothing wrong', () => {
  let fields = 0
  for (const [type] of WIZARD) {
    const form = formOf(type)
    fields += form.length
    const { wrong, values } = readForm(form, fillAll(form))
    expect([type, [...wrong]]).toEqual([type, []])
    expect(Object.keys(values).sort(), type).toEqual(form.map(({ name }) => name).sort())
    // What was filled in is what a call would have given: it fits back, apart from the secrets.
    expect(
      prefill(form, JSON.parse(JSON.stringify(values)), '', 'assistant').left.every((path) => isSecretAt(form, path)),
    ).toBe(true)
  }
  expect(WIZARD.size).toBeGreaterThan(8)
  expect(fields).toBeGreaterThan(40)
})

const isSecretAt = (fields: readonly FormField[], path: string): boolean => {
  const name = path.split('.').at(-1)
  const all = (some: readonly FormField[]): readonly FormField[] =>
    some.flatMap((field) => [
      field,
      ...(field.kind === 'switch' ? all(field.fields) : []),
      ...(field.kind === 'choice' ? field.options.flatMap((option) => all(option.fields)) : []),
    ])
  return all(fields).some(
    (field) => field.name === name && (field.kind === 'file' || (field.kind === 'text' && field.secret)),
  )
}

describe('what PostHog is sent (fact sheet: external data sources 2.11)', () => {
  test('a tunnel with a key, and not the fields of the other way', () => {
    const form = formOf('Postgres')
    const tunnel = {
      ssh_tunnel: 'on',
      'ssh_tunnel.host': 'bastion',
      'ssh_tunnel.port': '22',
      'ssh_tunnel.auth': 'keypair',
      'ssh_tunnel.auth=password.username': 'not this',
      'ssh_tunnel.auth=password.password': 'not this either',
      'ssh_tunnel.auth=keypair.username': 'ph',
      'ssh_tunnel.auth=keypair.private_key': '-----BEGIN\r\nkey\r\n-----END\r\n',
    }
    const { values, wrong } = readForm(
      form,
      submitted({ host: ' db ', port: '5432', database: 'app', user: 'u', password: ' spaced ', ...tunnel }),
    )
    expect([...wrong]).toEqual([])
    expect(values).toEqual({
      host: 'db',
      port: 5432,
      database: 'app',
      user: 'u',
      password: ' spaced ',
      ssh_tunnel: {
        enabled: true,
        host: 'bastion',
        port: 22,
        auth: { selection: 'keypair', username: 'ph', private_key: '-----BEGIN\nkey\n-----END\n' },
      },
    })
  })

  test('a choice that has fields is an object, one that has none a text', () => {
    const stripe = readForm(
      formOf('Stripe'),
      submitted({ auth_method: 'api_key', 'auth_method=api_key.stripe_secret_key': 'sk_1' }),
    )
    expect(stripe.values).toMatchObject({ auth_method: { selection: 'api_key', stripe_secret_key: 'sk_1' } })
    const mysql = readForm(formOf('MySQL'), submitted({ using_ssl: 'false' }))
    expect(mysql.values.using_ssl).toBe('false')
  })

  test('a file gives the keys of its form, and nothing else', () => {
    const form = formOf('BigQuery')
    const key = { project_id: 'p', private_key: 'k', private_key_id: 'i', client_email: 'e', token_uri: 't', more: 1 }
    const { more: _more, ...taken } = key
    const read = (text: string) => readForm(form, submitted({ key_file: text }))
    expect(read(JSON.stringify(key)).values.key_file).toEqual(taken)
    for (const wrong of ['no json', '[]', '1', '{}', JSON.stringify({ ...key, private_key: undefined })])
      expect(read(wrong).wrong.get('key_file'), wrong).toBeDefined()
  })

  test('a field that this server does not know makes no form', () => {
    expect(() => readWizard([{ type: 'retina-scan', name: 'x', label: 'x' }])).toThrow()
    expect(() => readWizard([{ type: 'switch-group', name: 'x', label: 'x', fields: [{ type: 'y' }] }])).toThrow()
  })

  test('a required field is asked for only where it counts', () => {
    const { wrong } = readForm(formOf('Postgres'), submitted({}))
    expect([...wrong.keys()]).toEqual(['host', 'port', 'database', 'user', 'password'])
    const on = readForm(formOf('Postgres'), submitted({ ssh_tunnel: 'on', 'ssh_tunnel.auth': 'password' }))
    expect([...on.wrong.keys()]).toContain('ssh_tunnel.auth=password.password')
    expect([...on.wrong.keys()].join()).not.toContain('keypair')
  })
})

test('a switch that nobody touched is left out, and one that is turned off is told', () => {
  const form = formOf('Postgres')
  const filled = { host: 'db', port: '5432', database: 'app', user: 'u', password: 'p' }
  expect(readForm(form, submitted(filled)).values).not.toHaveProperty('ssh_tunnel')
  const stored = { ssh_tunnel: { enabled: 'True', host: 'bastion', port: '22' } }
  expect(readForm(prefill(form, stored, '', 'stored').fields, submitted(filled)).values.ssh_tunnel).toEqual({
    enabled: false,
    host: null,
    port: null,
  })
})

test('an empty choice that is required is said, and one that is made up is none', () => {
  const form = formOf('MySQL')
  expect(readForm(form, submitted({ using_ssl: 'made-up' })).wrong.get('using_ssl')).toBe('Choose one.')
})
