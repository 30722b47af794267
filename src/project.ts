import type { Json } from './operation.ts'
import type { Target } from './request.ts'
import { ToolError } from './tool-error.ts'

/** Reads one path of the API as the configured key; undefined when PostHog refuses it or has nothing there. */
export type Look = (path: string, signal: AbortSignal) => Promise<Json | undefined>

/** Says which project a call is about. */
export interface Projects {
  /** @throws ToolError when both ids are given, or none and the key has not exactly one project */
  targetOf(input: Json, signal: AbortSignal): Promise<Target>
}

interface Project {
  readonly id: number
  readonly name: string
}

/**
 * Resolves the project of a call: what it says, else the configured one, else the key's only one, which is looked up
 * once. `@current` is never used: it follows what the key's owner clicks in the app (fact sheet: cross-cutting 2).
 */
export const createProjects = (configured: number | undefined, look: Look): Projects => {
  let known: Promise<readonly Project[]> | undefined
  const ofKey = (signal: AbortSignal): Promise<readonly Project[]> => {
    known ??= projectsOfKey(look, signal).catch((error: unknown) => {
      // A failed or cancelled look-up is not remembered, or one bad moment would last for the process's life.
      known = undefined
      throw error
    })
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
      return { root: 'projects', project: configured ?? theOnly(await ofKey(signal)) }
    },
  }
}

const theOnly = (projects: readonly Project[]): number => {
  const [first, ...others] = projects
  if (first !== undefined && others.length === 0) return first.id
  const list = projects.map(({ id, name }) => `${id} (${name})`).join(', ')
  throw new ToolError(
    first === undefined
      ? 'No project was given, and the projects of this key cannot be listed'
      : `No project was given, and this key has several: ${list}`,
    { next: 'Call again with project_id; the operator can set POSTHOG_PROJECT_ID once for all calls' },
  )
}

/** A team-scoped key names its projects itself and may list nothing else (fact sheet: cross-cutting 5). */
const projectsOfKey = async (look: Look, signal: AbortSignal): Promise<readonly Project[]> => {
  const key = await look('/api/personal_api_keys/@current', signal)
  const scoped = Array.isArray(key?.scoped_teams) ? key.scoped_teams.filter((id) => typeof id === 'number') : []
  if (scoped.length > 0) return Promise.all(scoped.map((id) => named(look, id, signal)))
  const organizations = rows(await look('/api/organizations/?limit=100', signal))
  const lists = await Promise.all(
    organizations.map((one) =>
      look(`/api/organizations/${encodeURIComponent(String(one.id))}/projects/?limit=100`, signal),
    ),
  )
  const found = lists.flatMap((list) => rows(list))
  if (found.length > 0) return found.flatMap(toProject)
  return rows(await look('/api/projects/?limit=100', signal)).flatMap(toProject)
}

const named = async (look: Look, id: number, signal: AbortSignal): Promise<Project> => {
  const project = await look(`/api/projects/${id}/`, signal)
  return { id, name: typeof project?.name === 'string' ? project.name : 'name not readable with this key' }
}

const toProject = ({ id, name }: Json): readonly Project[] =>
  typeof id === 'number' ? [{ id, name: typeof name === 'string' ? name : 'unnamed' }] : []

const rows = (list: Json | undefined): readonly Json[] => (Array.isArray(list?.results) ? list.results : [])
