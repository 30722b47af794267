import type { Json } from './operation.ts'
import type { Target } from './request.ts'
import { unlessAborted } from './single-flight.ts'
import { toName } from './text/line.ts'
import { ToolError } from './tool-error.ts'

/**
 * Reads one path of the API as the configured key; undefined where the key may not look.
 * @throws ToolError when there is no answer to go by
 */
export type Look = (path: string, query: readonly (readonly [string, string])[]) => Promise<Json | undefined>

/** Says which project a call is about. */
export interface Projects {
  /** @throws ToolError when both ids are given, or none and the key has not exactly one project */
  targetOf(input: Json, signal: AbortSignal): Promise<Target>
  /** The project of calls that name none, or else all that the key can list. @throws ToolError when there is no answer */
  known(signal: AbortSignal): Promise<readonly number[]>
}

interface Project {
  readonly id: number
  /** Absent where the key may not read it. */
  readonly name?: string
}

/** The projects that were found; not `whole` when the key may not see all there are. */
interface Found {
  readonly projects: readonly Project[]
  readonly whole: boolean
}

/** Rows of one page of a list, and pages that are read at most. */
const PAGE = 100
const MOST_PAGES = 20
/** Projects named where one has to be chosen. */
const MOST_NAMED = 50

/**
 * Resolves the project of a call: what it says, else the configured one, else the key's only one, which is looked up
 * once. `@current` and the list of the current organization never decide: both follow what the key's owner clicks in
 * the app (fact sheet: cross-cutting 2 and 5).
 */
export const createProjects = (configured: number | undefined, look: Look): Projects => {
  let known: Promise<Found> | undefined
  const ofKey = (): Promise<Found> => {
    known ??= projectsOfKey(look).then(
      (found) => {
        // Half an answer is not remembered: the operator may widen the key meanwhile.
        if (!found.whole) known = undefined
        return found
      },
      (error: unknown) => {
        known = undefined
        throw error
      },
    )
    return known
  }
  return {
    async targetOf({ project_id, environment_id }, signal) {
      if (project_id !== undefined && environment_id !== undefined)
        throw new ToolError('project_id and environment_id were both given; they are two names of one number', {
          next: 'Give only project_id',
        })
      if (typeof environment_id === 'number') return { root: 'environments', project: environment_id }
      if (typeof project_id === 'number') return { root: 'projects', project: project_id }
      return { root: 'projects', project: configured ?? theOnly(await unlessAborted(ofKey(), signal)) }
    },
    async known(signal) {
      if (configured !== undefined) return [configured]
      return (await unlessAborted(ofKey(), signal)).projects.map(({ id }) => id)
    },
  }
}

const theOnly = ({ projects, whole }: Found): number => {
  const [first, ...others] = projects
  if (first !== undefined && others.length === 0 && whole) return first.id
  const named = projects
    .slice(0, MOST_NAMED)
    .map(({ id, name }) => `${id} (${name === undefined ? 'name not readable with this key' : toName(name)})`)
  const list = `${named.join(', ')}${projects.length > MOST_NAMED ? `, and ${projects.length - MOST_NAMED} more` : ''}`
  const what =
    first === undefined
      ? 'the projects of this key cannot be listed (that needs the scopes organization:read and project:read)'
      : whole
        ? `this key has several: ${list}`
        : `this key has these and may have others that it cannot list: ${list}`
  throw new ToolError(`No project was given, and ${what}`, {
    next: 'Call again with project_id; the operator can set POSTHOG_PROJECT_ID once for all calls',
  })
}

/** A team-scoped key names its projects itself and may list nothing else (fact sheet: cross-cutting 5). */
const projectsOfKey = async (look: Look): Promise<Found> => {
  const key = await look('/api/personal_api_keys/@current', [])
  const scoped = Array.isArray(key?.scoped_teams) ? key.scoped_teams.filter((id) => typeof id === 'number') : []
  if (scoped.length > 0) return { projects: await Promise.all(scoped.map((id) => named(look, id))), whole: true }
  const organizations = await allOf(look, '/api/organizations/')
  // The current organization's, to name in the error; which one is current follows the owner's clicks.
  if (organizations.rows.length === 0)
    return { projects: (await allOf(look, '/api/projects/')).rows.flatMap(toProject), whole: false }
  const lists = await Promise.all(
    organizations.rows.map(({ id }) => allOf(look, `/api/organizations/${encodeURIComponent(String(id))}/projects/`)),
  )
  return {
    projects: lists.flatMap(({ rows }) => rows.flatMap(toProject)),
    whole: organizations.whole && lists.every(({ whole }) => whole),
  }
}

/** Every page of a list, or as many as it may be asked for. */
const allOf = async (
  look: Look,
  path: string,
): Promise<{ readonly rows: readonly Json[]; readonly whole: boolean }> => {
  const rows: Json[] = []
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const list = await look(path, [
      ['limit', String(PAGE)],
      ['offset', String(page * PAGE)],
    ])
    if (!Array.isArray(list?.results)) return { rows, whole: false }
    rows.push(...list.results)
    if (typeof list.next !== 'string') return { rows, whole: true }
  }
  return { rows, whole: false }
}

const named = async (look: Look, id: number): Promise<Project> => {
  const project = await look(`/api/projects/${id}/`, [])
  return { id, ...(typeof project?.name === 'string' && { name: project.name }) }
}

const toProject = ({ id, name }: Json): readonly Project[] =>
  typeof id === 'number' ? [{ id, name: typeof name === 'string' ? name : 'unnamed' }] : []
