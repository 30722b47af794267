import { z } from 'zod'
import { cut, toLine } from '../text/line.ts'
import type { FormField, TextField } from './fields.ts'

const text = z.string().nullish()
const plain = z.object({
  type: z.enum(['text', 'email', 'search', 'url', 'password', 'time', 'number', 'textarea']),
  name: z.string(),
  label: z.string(),
  required: z.boolean().nullish(),
  placeholder: text,
  caption: text,
  secret: z.boolean().nullish(),
})
const named = { name: z.string(), label: z.string(), caption: text }
// A choice between yes and no may have them as such.
const choice = z.union([z.string(), z.number(), z.boolean()]).transform(String)
// Fields hold fields: those are read one level at a time.
const inner = z.array(z.unknown())
const field = z.discriminatedUnion('type', [
  plain,
  z.object({
    type: z.literal('select'),
    ...named,
    required: z.boolean().nullish(),
    defaultValue: choice.nullish(),
    multiple: z.boolean().nullish(),
    options: z.array(z.object({ label: z.string(), value: choice, fields: inner.nullish() })),
  }),
  z.object({ type: z.literal('switch-group'), ...named, default: z.boolean().nullish(), fields: inner }),
  z.object({ type: z.literal('oauth'), ...named, required: z.boolean().nullish() }),
  z.object({
    type: z.enum(['oauth-account-select', 'credential-account-select']),
    ...named,
    required: z.boolean().nullish(),
    hidden: z.boolean().nullish(),
  }),
  z.object({
    type: z.literal('file-upload'),
    ...named,
    required: z.boolean().nullish(),
    fileFormat: z.object({ keys: z.union([z.literal('*'), z.array(z.string())]) }),
  }),
  z.object({ type: z.literal('ssh-tunnel'), ...named, supportsRequireTls: z.boolean().nullish() }),
])

/** A field as the wizard tells it (fact sheet: external data sources 2.11). */
type WizardField = z.infer<typeof field>

/**
 * The wizard's form for one type.
 * @throws ZodError for one that has a field this server does not know: half a form would be a wrong one
 */
export const readWizard = (fields: readonly unknown[]): readonly FormField[] =>
  fields.flatMap((told) => toField(field.parse(told)))

/** Labels come from PostHog, but a page of ours shows them. */
const clean = (words: string | null | undefined): string | undefined =>
  words === null || words === undefined || words === '' ? undefined : cut(toLine(words), 500)

const toField = (told: WizardField): readonly FormField[] => {
  const base = { name: told.name, label: clean(told.label) ?? told.name, caption: clean(told.caption) }
  const required = 'required' in told && told.required === true
  switch (told.type) {
    case 'select': {
      const options = told.options.map(({ value, label, fields }) => ({
        value,
        label: clean(label) ?? value,
        fields: readWizard(fields ?? []),
      }))
      const chosen = told.defaultValue === null || told.defaultValue === undefined ? [] : [told.defaultValue]
      return [{ kind: 'choice', ...base, required, multiple: told.multiple === true, options, chosen }]
    }
    case 'switch-group':
      return [{ kind: 'switch', ...base, on: told.default === true, off: OFF, fields: readWizard(told.fields) }]
    case 'oauth':
      return [
        { ...toText(base, 'number', required), caption: 'The number of the account as it is connected in PostHog.' },
      ]
    case 'oauth-account-select':
    case 'credential-account-select':
      if (told.hidden === true) return []
      return [{ ...toText(base, 'text', required), caption: base.caption ?? 'Its id.' }]
    case 'file-upload':
      return [{ kind: 'file', ...base, required, keys: told.fileFormat.keys }]
    case 'ssh-tunnel':
      return [toTunnel(base, told.supportsRequireTls === true)]
    default:
      return [toPlain(told, base)]
  }
}

type Base = Pick<TextField, 'name' | 'label' | 'caption'>

const toText = (base: Base, type: TextField['type'], required: boolean, secret = false): TextField => ({
  kind: 'text',
  ...base,
  type,
  required,
  secret,
  value: '',
})

const OFF = { enabled: false }

const TYPES = {
  text: 'text',
  password: 'password',
  search: 'text',
  time: 'text',
  email: 'email',
  url: 'url',
  number: 'number',
} as const

const toPlain = ({ type, required, placeholder, secret }: z.infer<typeof plain>, base: Base): TextField => {
  const isSecret = secret === true || type === 'password'
  const shown = type === 'textarea' ? type : isSecret ? 'password' : TYPES[type]
  return { ...toText(base, shown, required === true, isSecret), placeholder: clean(placeholder) }
}

/** What PostHog makes of a detour over SSH (fact sheet: external data sources 2.11). */
const toTunnel = (base: Base, hasTls: boolean): FormField => {
  const line = (name: string, label: string, type: TextField['type'] = 'text', required = true): TextField =>
    toText({ name, label }, type, required, type === 'password' || name === 'private_key')
  return {
    kind: 'switch',
    ...base,
    on: false,
    // Without the two it is refused (fact sheet: external data sources 8, 30).
    off: { ...OFF, host: null, port: null },
    fields: [
      line('host', 'Tunnel host'),
      line('port', 'Tunnel port', 'number'),
      {
        kind: 'choice',
        name: 'auth',
        label: 'How to log in to the tunnel',
        required: true,
        multiple: false,
        chosen: ['password'],
        options: [
          {
            value: 'password',
            label: 'With a password',
            fields: [line('username', 'Tunnel user'), line('password', 'Tunnel password', 'password')],
          },
          {
            value: 'keypair',
            label: 'With a key',
            fields: [
              line('username', 'Tunnel user', 'text', false),
              line('private_key', 'Private key', 'textarea'),
              line('passphrase', 'Passphrase of the key', 'password', false),
            ],
          },
        ],
      },
      ...(hasTls
        ? [{ kind: 'switch', name: 'require_tls', label: 'Require TLS', on: false, off: OFF, fields: [] } as const]
        : []),
    ],
  }
}
