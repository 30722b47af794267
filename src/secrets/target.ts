import { readBody } from '../body.ts'
import type { Ask } from '../carry-out.ts'
import type { FailedCall } from '../failure.ts'
import type { Json, SecretTarget } from '../operation.ts'
import { type Target as Project, toPath, toRoute } from '../request.ts'
import { ToolError } from '../tool-error.ts'
import { type Address, allows, type Binding, sayBinding } from './binding.ts'
import { type Place, placeOfUrl, placesIn, unstated } from './places.ts'

/** Where a call's secrets go. */
export interface Destination {
  /** A source type, or the word of the record. */
  readonly type: string
  readonly places: readonly Place[]
}

/** What finding out takes. */
export interface Finding {
  readonly call: FailedCall
  readonly project: Project
  /** Sends a read of the call. */
  readonly read: Ask
  /** Whether a text only stands for a secret. */
  isMark(value: unknown): boolean
}

/** @throws ToolError where it cannot be told, and nothing is sent then */
export const findDestination = async (goes: SecretTarget, finding: Finding): Promise<Destination> => {
  const { input } = finding.call
  if ('url' in goes) {
    const url = input[goes.url]
    if (typeof url !== 'string') throw unsaid(finding.call, [goes.url])
    return { type: goes.is, places: [placeOfUrl(goes.url, url)] }
  }
  const settings = input[goes.settings]
  const places = placesIn(settings, goes.settings, (value) => finding.isMark(value))
  if (goes.stored === undefined) return { type: String(input[goes.type]), places }
  const stored = await look(goes.stored, finding)
  const type = stored[goes.type]
  if (typeof type !== 'string') throw unreadable(finding.call)
  const missing = unstated(toObject(stored[goes.settings]), toObject(settings))
  if (missing.length > 0)
    throw unsaid(
      finding.call,
      missing.map((name) => `${goes.settings}.${name}`),
    )
  return { type, places }
}

const look = async (template: string, { call, project, read }: Finding): Promise<Json> => {
  const path = toPath(project, template, call.input)
  const reply = await read({ method: 'GET', path, route: toRoute(project, template), query: [] })
  const body = reply.status === 200 ? readBody(reply.body, reply.contentType) : undefined
  const value = body?.kind === 'json' ? toObject(body.value) : {}
  if (value.id === undefined || value.id !== call.input.id) throw unreadable(call)
  return value
}

const toObject = (value: unknown): Json =>
  // Any object read from JSON that is no list has string keys.
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

const unreadable = ({ operation }: FailedCall): ToolError =>
  new ToolError(`${operation.name}: not sent. It could not be looked up where the secret would go`, {
    next: 'Check the id and that this key may read the object, then call again',
  })

const unsaid = ({ operation }: FailedCall, names: readonly string[]): ToolError =>
  new ToolError(
    `${operation.name}: not sent. With a secret reference the same call has to say where the secret goes: ${names.join(', ')}`,
    {
      kind: 'input',
      next: 'Call again with these as they are, or are to be; a part that is not used as {"enabled": false, "host": null, "port": null}',
    },
  )

/**
 * Whether a bound secret may go there: every place has to be one it is bound to, and where there is none its type has
 * to be bound without one.
 * @throws ToolError that says where it may go
 */
export const checkBinding = (name: string, bindings: readonly Binding[], { type, places }: Destination): void => {
  const ofType = bindings.filter((binding) => binding.type === type)
  const wrong = places.find(
    ({ address }) => address === undefined || !ofType.some((binding) => allows(binding, type, address)),
  )
  if (ofType.length > 0 && wrong === undefined && (places.length > 0 || ofType.some(({ host }) => host === undefined)))
    return
  const where = ofType.length === 0 || wrong === undefined ? type : `${type}, ${sayPlace(wrong)}`
  throw new ToolError(
    `The secret ${name} may only go to ${bindings.map(sayBinding).join(' or ')}; this call would send it to ${where}`,
    {
      next: `Nothing was sent. Every setting that may name a host has to be that one; the operator can bind ${name} to more`,
    },
  )
}

/** A place for a person; what cannot be read with certainty is not repeated. */
export const sayPlace = ({ path, address }: Place): string =>
  `${path} (${address === undefined ? 'not one plain address' : sayAddress(address)})`

const sayAddress = ({ host, port, bucket }: Address): string =>
  `${host}${port === undefined ? '' : `:${port}`}${bucket === undefined ? '' : `/${bucket}`}`
