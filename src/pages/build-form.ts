import { readBody } from '../body.ts'
import type { Ask } from '../carry-out.ts'
import type { FailedCall } from '../failure.ts'
import type { Json, SecretTarget } from '../operation.ts'
import { type Target, toPath, toRoute } from '../request.ts'
import { toName } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'
import type { FormField } from './fields.ts'
import { keepingStored, prefill } from './prefill.ts'
import { readWizard } from './wizard-fields.ts'

/** A form for one call, and what it is about. */
export interface BuiltForm {
  readonly fields: readonly FormField[]
  /** A source type, or the word of the record. */
  readonly type: string
}

/** What building one takes. */
export interface Building {
  readonly call: FailedCall
  readonly target: Target
  /** Sends a read of the call. */
  readonly read: Ask
  /** The input that is filled in. */
  readonly head: string
}

/** @throws ToolError where there is no such form, or it would not show all that is sent */
export const buildForm = async (goes: SecretTarget, building: Building): Promise<BuiltForm> => {
  if ('url' in goes) return toPlainForm(goes, building)
  const { call, head } = building
  const stored = goes.stored === undefined ? undefined : await look(building, goes.stored)
  const type = (stored ?? call.input)[goes.type]
  if (typeof type !== 'string') throw unreadable(call, 'its type could not be read')
  const forms = await look(building, goes.wizard, { source_type: type })
  const { fields } = toObject(forms[type])
  if (!Array.isArray(fields)) throw unreadable(call, `PostHog has no form for ${toName(type)}`)
  const blank = toFields(call, type, fields)
  // What is stored is shown as far as a field has room for it; what the call gave has to be shown.
  const known =
    stored === undefined ? blank : prefill(keepingStored(blank), toObject(stored[goes.settings]), head, 'stored').fields
  const { fields: filled, left } = prefill(known, toObject(call.input[head]), head, 'assistant')
  if (left.length > 0) throw unshown(call, left)
  return { fields: filled, type }
}

/** A record that names its secrets, and one address they go to. */
const toPlainForm = (goes: Extract<SecretTarget, { url: string }>, { call, head }: Building): BuiltForm => {
  if (typeof call.input[goes.url] !== 'string')
    throw new ToolError(`${call.operation.name}: the same call has to say where the secret goes: ${goes.url}`, {
      kind: 'input',
      next: 'Call again with it as it is, or is to be',
    })
  const fields = (call.operation.secrets ?? []).flatMap((path): readonly FormField[] => {
    const name = path.startsWith(`${head}.`) ? path.slice(head.length + 1) : ''
    const words = name.replaceAll('_', ' ')
    return name === ''
      ? []
      : [
          {
            kind: 'text',
            type: 'password',
            name,
            label: words.charAt(0).toUpperCase() + words.slice(1),
            required: true,
            secret: true,
            value: '',
          },
        ]
  })
  return { fields, type: goes.is }
}

const toFields = (call: FailedCall, type: string, fields: readonly unknown[]): readonly FormField[] => {
  try {
    return readWizard(fields)
  } catch {
    throw unreadable(call, `the form PostHog has for ${toName(type)} has a field that this server does not know`)
  }
}

const look = async (
  { call, target, read }: Building,
  template: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Json> => {
  const path = toPath(target, template, call.input)
  const reply = await read({ method: 'GET', path, route: toRoute(target, template), query: Object.entries(query) })
  const body = reply.status === 200 ? readBody(reply.body, reply.contentType) : undefined
  if (body?.kind !== 'json') throw unreadable(call, `PostHog answered ${reply.status} to what the form is made of`)
  return toObject(body.value)
}

const toObject = (value: unknown): Json =>
  // Any object read from JSON that is no list has string keys.
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

const unreadable = ({ operation }: FailedCall, why: string): ToolError =>
  new ToolError(`${operation.name}: there is no form for this: ${why}`, {
    next: 'Check the type, which is case-sensitive, and the id; or use a secret reference, or the PostHog app',
  })

const unshown = ({ operation }: FailedCall, left: readonly string[]): ToolError =>
  new ToolError(
    `${operation.name}: a person would not see all that is sent: ${left.map((path) => toName(path)).join(', ')}`,
    {
      kind: 'input',
      next: 'Leave these out: secrets are typed by the person, and other settings have to be fields of the form',
    },
  )
