import { notFound } from '../errors.ts'
import type { ProjectCall } from '../route.ts'
import type { World } from '../world.ts'
import type { Schedules } from './schedules.ts'
import { sourcesOf } from './source-names.ts'
import type { SchemaRecord, SourceRecord } from './source-state.ts'
import type { Syncs } from './syncs.ts'

/** What the handlers of sources and their tables share. */
export interface SourceServices {
  readonly world: World
  readonly syncs: Syncs
  readonly schedules: Schedules
}

/** The live source a call names. Throws 404. */
export const findSource = ({ world }: SourceServices, call: ProjectCall): SourceRecord => {
  const id = call.param('id').toLowerCase()
  const found = sourcesOf(world, call.project.id).find((source) => source.id === id)
  if (found === undefined) throw notFound()
  return found
}

/** The live table of a source that a call names, with its source. Throws 404. */
export const findSchema = (
  services: SourceServices,
  call: ProjectCall,
): { readonly source: SourceRecord; readonly schema: SchemaRecord } => {
  const id = call.param('id').toLowerCase()
  const { world } = services
  const schema = world.store.state.schemas.find(
    (candidate) => candidate.id === id && candidate.project === call.project.id && !candidate.deleted,
  )
  const source = sourcesOf(world, call.project.id).find((candidate) => candidate.id === schema?.sourceId)
  if (schema === undefined || source === undefined) throw notFound()
  return { source, schema }
}
