import { invalid } from '../errors.ts'
import { type Body, dictionary, flag, isObject, list, required } from '../fields.ts'
import type { ProjectCall, Reply } from '../route.ts'
import type { World } from '../world.ts'
import { probe } from './connectors.ts'
import { checkInputs, toInputsText } from './inputs.ts'
import { mergeInputs } from './inputs-merge.ts'
import { optionalText, readAccessMethod } from './source-input.ts'
import { findSource, type SourceServices } from './source-services.ts'
import { toSource } from './source-shape.ts'
import type { Inputs, SourceRecord } from './source-state.ts'
import { schemasOf } from './source-status.ts'

const readPatterns = (value: unknown): readonly string[] | null => {
  if (value === null) return null
  const patterns = list(value, 'auto_sync_schema_patterns')
  if (patterns.length > 100) {
    throw invalid('Ensure this field has no more than 100 elements.', 'auto_sync_schema_patterns', 'max_length')
  }
  return patterns.map((pattern) => optionalText(pattern, 'auto_sync_schema_patterns', 250) ?? '')
}

type Changes = Partial<
  Pick<SourceRecord, 'description' | 'directQueryEnabled' | 'autoSyncNewSchemas' | 'autoSyncSchemaPatterns'>
>

/** The plain fields of an update; the prefix of a synced source is read and not used, as upstream does. */
const readChanges = (body: Body): Changes => {
  optionalText(body.prefix, 'prefix', 100)
  const description = optionalText(body.description, 'description', 400)
  if (readAccessMethod(body.access_method) !== 'warehouse') {
    throw invalid('Access method cannot be changed. Create a new source instead.')
  }
  const direct = body.direct_query_enabled
  const auto = body.auto_sync_new_schemas
  const patterns = body.auto_sync_schema_patterns
  return {
    ...(body.description === undefined ? {} : { description }),
    ...(direct === undefined ? {} : { directQueryEnabled: flag(direct, 'direct_query_enabled') }),
    ...(auto === undefined ? {} : { autoSyncNewSchemas: flag(auto, 'auto_sync_new_schemas') }),
    ...(patterns === undefined ? {} : { autoSyncSchemaPatterns: readPatterns(patterns) }),
  }
}

/** The settings after an update, tried when they changed. Throws 400 (fact sheet: external-data-sources 2.4). */
const readInputs = async (world: World, source: SourceRecord, body: Body, signal: AbortSignal): Promise<Inputs> => {
  const { sourceType } = source
  const sent = body.job_inputs
  const isSent = sent !== undefined && sent !== null
  const merged = isSent ? mergeInputs(sourceType, source.inputs, dictionary(sent, 'job_inputs')) : source.inputs
  const { inputs, errors } = checkInputs(sourceType, merged)
  if (errors !== undefined) throw invalid(toInputsText(errors))
  if (!isSent || JSON.stringify(inputs) === JSON.stringify(source.inputs)) return inputs
  const trouble = await probe(world, sourceType, inputs, signal)
  if (trouble !== null) throw invalid(trouble)
  return inputs
}

/** A source that shows all of its schemas from now on names its tables with them. */
const qualify = ({ world }: SourceServices, source: SourceRecord, inputs: Inputs): void => {
  const { schema: before } = source.inputs
  const isPostgres = source.sourceType !== 'MySQL' && source.sourceType !== 'PlanetScaleMySQL'
  if (!isPostgres || typeof before !== 'string' || (inputs.schema !== null && inputs.schema !== '')) return
  for (const schema of schemasOf(world, source)) schema.name = `${before}.${schema.name}`
}

/** `PATCH` and `PUT …/{id}/`; PUT wants two keys that nobody reads. */
export const updateSource = async (services: SourceServices, call: ProjectCall, partial: boolean): Promise<Reply> => {
  const body = await call.json()
  const source = findSource(services, call)
  for (const name of partial ? [] : ['client_secret', 'account_id']) {
    if (body[name] === undefined) throw required(name)
  }
  const changes = readChanges(body)
  const inputs = await readInputs(services.world, source, body, call.signal)
  qualify(services, source, inputs)
  Object.assign(source, changes, { inputs })
  return { status: 200, body: toSource(services.world, source, call, false) }
}

/** `PATCH …/{id}/revenue_analytics_config/`. The views it would make upstream do not exist here. */
export const updateRevenue = async (services: SourceServices, call: ProjectCall): Promise<Reply> => {
  const body = await call.json()
  const source = findSource(services, call)
  const read = (name: 'enabled' | 'include_invoiceless_charges'): boolean =>
    body[name] === undefined ? source.revenue[name] : flag(isObject(body[name]) ? '' : body[name], name)
  source.revenue = { enabled: read('enabled'), include_invoiceless_charges: read('include_invoiceless_charges') }
  return { status: 200, body: toSource(services.world, source, call, false) }
}
