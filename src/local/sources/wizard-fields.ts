/**
 * The fields of a source's form, in the wizard's own shape (fact sheet: external-data-sources 2.11). The same records
 * say which inputs a source needs and which of them are secret.
 */
export type WizardField = PlainField | SelectField | SwitchField | OauthField | AccountField | FileField | TunnelField

/** One line or block of text, or a number. */
export interface PlainField {
  readonly type: 'text' | 'email' | 'password' | 'number' | 'textarea'
  readonly name: string
  readonly label: string
  readonly required: boolean
  readonly placeholder: string
  readonly caption: string | null
  readonly secret: boolean
}

/** A choice; an option may bring fields of its own. */
export interface SelectField {
  readonly type: 'select'
  readonly name: string
  readonly label: string
  readonly required: boolean
  readonly defaultValue: string
  readonly options: readonly {
    readonly label: string
    readonly value: string
    readonly fields: readonly WizardField[] | null
  }[]
  readonly converter: 'str_to_bool' | null
  readonly multiple: boolean
  readonly caption: string | null
}

/** Fields that count only when the switch is on. */
export interface SwitchField {
  readonly type: 'switch-group'
  readonly name: string
  readonly label: string
  readonly default: boolean
  readonly fields: readonly WizardField[]
  readonly caption: string | null
}

/** An account connected in PostHog; the value is its integration's id. */
export interface OauthField {
  readonly type: 'oauth'
  readonly name: string
  readonly label: string
  readonly kind: string
  readonly required: boolean
  readonly requiredScopes: string | null
}

/** A part of a connected account. */
export interface AccountField {
  readonly type: 'oauth-account-select'
  readonly name: string
  readonly label: string
  readonly integrationField: string
  readonly integrationKind: string
  readonly multiple: boolean
  readonly required: boolean
  readonly hidden: boolean
  readonly placeholder: string
  readonly caption: string | null
}

/** A JSON file whose keys are the value; secret as a whole. */
export interface FileField {
  readonly type: 'file-upload'
  readonly name: string
  readonly label: string
  readonly fileFormat: { readonly format: '.json'; readonly keys: readonly string[] }
  readonly required: boolean
}

/** A detour over SSH. */
export interface TunnelField {
  readonly type: 'ssh-tunnel'
  readonly name: string
  readonly label: string
  readonly supportsRequireTls: boolean
}

type PlainOptions = Partial<Omit<PlainField, 'type' | 'name' | 'label'>>

/** A plain field; required unless told otherwise. */
export const plain = (
  type: PlainField['type'],
  name: string,
  label: string,
  options: PlainOptions = {},
): PlainField => ({
  caption: null,
  label,
  name,
  placeholder: options.placeholder ?? '',
  required: true,
  secret: type === 'password',
  type,
  ...options,
})

/** A required choice of one. */
export const select = (
  name: string,
  label: string,
  options: SelectField['options'],
  converter: SelectField['converter'] = null,
): SelectField => ({
  caption: null,
  converter,
  defaultValue: options[0]?.value ?? '',
  label,
  multiple: false,
  name,
  options,
  required: true,
  type: 'select',
})

/** A switch with its fields. */
export const switchGroup = (name: string, label: string, fields: readonly WizardField[]): SwitchField => ({
  caption: null,
  default: false,
  label,
  name,
  type: 'switch-group',
  fields,
})

/** A connected account. */
export const oauth = (name: string, label: string, kind: string, required = true): OauthField => ({
  kind,
  label,
  name,
  required,
  requiredScopes: null,
  type: 'oauth',
})

/** The tunnel every SQL source offers. */
export const tunnel: TunnelField = {
  label: 'Use SSH tunnel?',
  name: 'ssh_tunnel',
  type: 'ssh-tunnel',
  supportsRequireTls: false,
}
