/** One field of a page's form. `name` is its key in what the form makes. */
export type FormField = TextField | ChoiceField | SwitchField | FileField

interface Named {
  readonly name: string
  readonly label: string
  readonly caption?: string | undefined
}

/** One line or block of text; a secret is never shown again. */
export interface TextField extends Named {
  readonly kind: 'text'
  readonly type: 'text' | 'password' | 'number' | 'email' | 'url' | 'textarea'
  readonly required: boolean
  readonly secret: boolean
  readonly placeholder?: string | undefined
  readonly value: string
}

/** One of some; an option may bring fields of its own. */
export interface ChoiceField extends Named {
  readonly kind: 'choice'
  readonly required: boolean
  readonly multiple: boolean
  readonly options: readonly { readonly value: string; readonly label: string; readonly fields: readonly FormField[] }[]
  readonly chosen: readonly string[]
}

/** Fields that count only while it is on. */
export interface SwitchField extends Named {
  readonly kind: 'switch'
  readonly on: boolean
  /** What PostHog is told while it is off. */
  readonly off: Readonly<Record<string, unknown>>
  readonly fields: readonly FormField[]
}

/** A JSON file, of which these keys are taken. */
export interface FileField extends Named {
  readonly kind: 'file'
  readonly required: boolean
  readonly keys: readonly string[] | '*'
}

/** Whether what is chosen is told as an object: because an option has fields (fact sheet: external data sources 2.11). */
export const isBranching = ({ options }: ChoiceField): boolean => options.some(({ fields }) => fields.length > 0)
