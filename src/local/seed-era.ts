import { type ApiError, crashed } from './errors.ts'
import { NAME_TAKEN, type World } from './world.ts'

/** Whether tables and views behave as the release the documentation was made from (fact sheet: tables 0, S). */
export const isSeedEra = (world: Pick<World, 'editions'>): boolean => world.editions.tables === 'S'

/** The scopes of an action that the older release keeps for sessions (fact sheet: tables 1.2). */
export const sinceLatest = (world: World, scopes: readonly string[]): readonly string[] | null =>
  isSeedEra(world) ? null : scopes

/** A refusal of the latest release where the older one crashes. */
export const orCrash = (world: World, refusal: ApiError): ApiError => (isSeedEra(world) ? crashed() : refusal)

/** What a name that is taken is refused with. */
export const nameTaken = (world: World): string =>
  isSeedEra(world) ? 'A table with this name already exists.' : NAME_TAKEN
