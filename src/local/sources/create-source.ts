import { randomUUID } from 'node:crypto'
import { crashed, saying } from '../errors.ts'
import { type Body, isObject } from '../fields.ts'
import type { ProjectCall, Reply } from '../route.ts'
import { timestamp, type World } from '../world.ts'
import type { SourceTable } from './connector.ts'
import { discover, probe, toDiscoveryText } from './connectors.ts'
import { checkInputs, toInputsText } from './inputs.ts'
import { readChoices } from './schema-choices.ts'
import {
  type CreateInput,
  checkDirect,
  checkReferences,
  readAccessMethod,
  readCreate,
  refuseDirect,
} from './source-input.ts'
import { checkFree, checkPrefix } from './source-names.ts'
import type { SourceServices } from './source-services.ts'
import type { Inputs, SourceRecord } from './source-state.ts'
import { SOURCE_TYPES } from './source-types.ts'
import { toOffer } from './table-offer.ts'

/** Reads a type's settings out of a body and tries them. Throws 400 in the `{message}` shape. */
const connect = async (
  world: World,
  sourceType: string,
  body: Body,
  signal: AbortSignal,
): Promise<{ readonly inputs: Inputs; readonly tables: readonly SourceTable[] }> => {
  const { inputs, errors } = checkInputs(sourceType, body)
  if (errors !== undefined) throw saying(toInputsText(errors))
  const trouble = await probe(world, sourceType, inputs, signal)
  if (trouble !== null) throw saying(trouble)
  try {
    return { inputs, tables: await discover(world, sourceType, inputs, signal) }
  } catch (error) {
    throw saying(toDiscoveryText(error))
  }
}

/** Nobody can have stored credentials here, so every id is unknown. */
const checkCredential = (payload: Body): void => {
  const { credential_id: id } = payload
  if (id === undefined || id === null) return
  throw saying(`Stored credential '${String(id)}' not found or expired`)
}

const newSource = (services: SourceServices, call: ProjectCall, input: CreateInput, inputs: Inputs): SourceRecord => ({
  id: randomUUID(),
  project: call.project.id,
  createdAt: timestamp(services.world),
  createdBy: call.key.user.id,
  createdVia: input.createdVia,
  sourceType: input.sourceType,
  prefix: input.prefix,
  description: input.description,
  inputs,
  directQueryEnabled: input.directQueryEnabled,
  autoSyncNewSchemas: false,
  autoSyncSchemaPatterns: null,
  revenue: { enabled: input.sourceType === 'Stripe', include_invoiceless_charges: true },
  deleted: false,
})

/** `POST …/external_data_sources/`: the checks of fact sheet: external-data-sources 2.2, in their order. */
export const createSource = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const { world, syncs, schedules } = services
  const input = readCreate(await call.json())
  const { sourceType, payload, prefix } = input
  checkReferences(payload)
  checkCredential(payload)
  if (input.accessMethod === 'direct') {
    checkDirect(sourceType, prefix)
    refuseDirect()
  }
  checkPrefix(prefix)
  checkFree(world, call.project.id, sourceType, prefix)
  const { inputs, tables } = await connect(world, sourceType, payload, call.signal)
  const source = newSource(services, call, input, inputs)
  const schemas = readChoices(world, source, tables, payload.schemas)
  // Connecting took its time: somebody may have taken the prefix.
  checkFree(world, call.project.id, sourceType, prefix)
  world.store.state.sources.push(source)
  world.store.state.schemas.push(...schemas)
  schedules.watch(source)
  for (const schema of schemas.filter(({ shouldSync }) => shouldSync)) syncs.start(source, schema)
  return { status: 201, body: { id: source.id } }
}

/** `POST …/database_schema/`: looks without keeping anything (fact sheet: external-data-sources 2.9). */
export const databaseSchema = async ({ world }: SourceServices, call: ProjectCall): Promise<Reply> => {
  const body = await call.json()
  const { source_type: sourceType } = body
  if (sourceType === undefined || sourceType === null || sourceType === '') {
    throw saying('Missing required parameter: source_type')
  }
  if (typeof sourceType !== 'string' || !SOURCE_TYPES.includes(sourceType)) {
    throw saying(`Unknown source_type '${isObject(sourceType) ? '' : String(sourceType)}'`)
  }
  checkReferences(body)
  const { tables } = await connect(world, sourceType, body, call.signal)
  return { status: 200, body: tables.map(toOffer) }
}

/** `POST …/source_prefix/`: whether a prefix is free; the identifier rule is left to create, as upstream does. */
export const checkSourcePrefix = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const body = await call.json()
  const { source_type: sourceType, prefix } = body
  // Upstream reads this key unguarded, and answers 500 without it.
  if (sourceType === undefined) throw crashed()
  const given = typeof prefix === 'string' && prefix !== '' ? prefix : null
  if (readAccessMethod(body.access_method) === 'direct') {
    checkDirect(String(sourceType), given === null || given.trim() === '' ? null : given)
    return { status: 200 }
  }
  checkFree(services.world, call.project.id, String(sourceType), given)
  return { status: 200 }
}
