import type { Projects } from '../project.ts'
import type { Redactor } from '../redact.ts'
import { countHidden, toHiddenNote } from '../text/hidden.ts'
import { cut, quote, toName } from '../text/line.ts'
import { ToolError } from '../tool-error.ts'
import { nearestNames, toAbsence } from './absence.ts'
import { type Completion, complete } from './completion.ts'
import { after, contentsAt, type Listed, LONGEST_ADDRESSED, toListed } from './places.ts'
import { GROUPS, INDEX_TEMPLATE, type Place, parseUri, toTemplate, toUri } from './resource-uri.ts'
import type { SchemaCache } from './schema-cache.ts'
import type { Snapshot } from './snapshot.ts'

/** A resource as it is listed. */
export interface ListedResource {
  readonly uri: string
  readonly name: string
  readonly description: string
  readonly mimeType: string
  /** Bytes of both forms. */
  readonly size?: number
  readonly changedAt?: string
}

/** A page of resources; `ttlMs` is how long it will be the truth as far as this server knows. */
export interface ResourcePage {
  readonly resources: readonly ListedResource[]
  readonly nextCursor?: string
  readonly ttlMs: number
}

/** One form of a resource. */
interface Form {
  readonly uri: string
  readonly mimeType: string
  readonly text: string
}

/** Both forms of a resource, the compact one first. */
export interface ReadResource {
  // Mutable, because the SDK's result type is.
  readonly contents: [Form, Form]
  readonly ttlMs: number
}

/** Nothing is at a URI, or nothing may be; the message says which, and what is near. */
export class NoResource extends Error {}

/** A cursor that is none of ours. */
export class WrongCursor extends Error {}

/** Resources of a page: 64 pages, where clients stop, are 16,000. */
const PAGE = 250

/** Characters of a name in a list; the address has it whole. */
const LONGEST_NAME = 500

export const TEXT = 'text/plain'
export const JSON_TYPE = 'application/json'

/** What resources are made from; `only` is the one project allowed, if there is one. */
export interface ResourceMeans {
  readonly cache: SchemaCache
  readonly projects: Projects
  readonly redactor: Redactor
  readonly only: number | undefined
}

/** The templates, with what their names are. */
export const templates = [
  ...GROUPS.map((group) => ({
    uriTemplate: toTemplate(group),
    name: group,
    description: `One of the ${group} of a project: columns or tables, origin, state, dependents`,
    mimeType: TEXT,
  })),
  { uriTemplate: INDEX_TEMPLATE, name: 'index', description: 'Overview of a project', mimeType: TEXT },
]

/** The resources of one credential: everything that can be queried, and where it comes from. */
export class Resources {
  readonly #means: ResourceMeans
  /** By what is listed, which is the same for as long as its snapshot. */
  readonly #listed = new WeakMap<Listed, ListedResource>()

  constructor(means: ResourceMeans) {
    this.#means = means
  }

  /** A page of the project's resources; of several projects, their overviews. @throws WrongCursor, ToolError */
  async list(cursor: string | undefined, signal: AbortSignal): Promise<ResourcePage> {
    const place = cursor === undefined ? undefined : this.#placeOfCursor(cursor)
    const projects = place === undefined ? await this.#means.projects.known(signal) : [place.project]
    const [project, ...others] = projects
    if (project === undefined)
      throw new ToolError('The projects of this key cannot be listed', {
        next: 'The operator sets POSTHOG_PROJECT_ID; a resource can be read by its URI all the same',
      })
    if (others.length > 0) return { resources: projects.map(toOverviewOf), ttlMs: 0 }
    const snapshot = await this.#means.cache.get(project, signal)
    const rest = place === undefined ? toListed(snapshot) : after(toListed(snapshot), place)
    const last = rest[PAGE - 1]
    return {
      resources: rest.slice(0, PAGE).map((listed) => this.#toResource(snapshot, listed)),
      ...(rest.length > PAGE && last !== undefined && { nextCursor: toCursor(last.place) }),
      ttlMs: this.#means.cache.remainingMs(snapshot),
    }
  }

  /** Both forms of one resource. @throws NoResource, ToolError */
  async read(uri: string, signal: AbortSignal): Promise<ReadResource> {
    const place = this.placeOf(uri)
    const { cache, redactor } = this.#means
    const hasIt = (snapshot: Snapshot): boolean => contentsAt(snapshot, place, redactor) !== undefined
    const snapshot = await cache.getWith(place.project, hasIt, signal)
    const contents = contentsAt(snapshot, place, redactor)
    if (contents === undefined) throw new NoResource(this.#whyNot(snapshot, place))
    return {
      contents: [
        { uri, mimeType: TEXT, text: contents.text },
        { uri, mimeType: JSON_TYPE, text: JSON.stringify(contents.json) },
      ],
      ttlMs: cache.remainingMs(snapshot),
    }
  }

  /** Where a URI points. @throws NoResource */
  placeOf(uri: string): Place {
    const place = parseUri(uri)
    if (place === undefined)
      throw new NoResource(
        `${quote(uri)} is no address here. They are ${templates.map(({ uriTemplate }) => uriTemplate).join(', ')}`,
      )
    const { only } = this.#means
    if (only !== undefined && place.project !== only)
      throw new NoResource(`Only project ${only} may be read here, not ${place.project}`)
    return place
  }

  /** The place of a name in a project, or of the project's overview. @throws NoResource, ToolError */
  async find(name: string | undefined, projectId: string | undefined, signal: AbortSignal): Promise<Place> {
    const project = await this.#projectOf(projectId, signal)
    if (name === undefined) return { project, group: 'index' }
    const snapshot = await this.#means.cache.get(project, signal)
    return {
      project,
      group: snapshot.byName.get(name)?.group ?? (snapshot.sourceByName.has(name) ? 'sources' : 'tables'),
      name,
    }
  }

  /** Names that complete what was typed for a variable of a template; nothing where there is nothing to go by. */
  async complete(variable: string, typed: string, given: Given, signal: AbortSignal): Promise<Completion> {
    const { projects, only } = this.#means
    if (variable === 'project_id')
      return complete(typed, (only === undefined ? await projects.known(signal) : [only]).map(String))
    const project = await this.#projectOf(given.project_id, signal)
    const names = namesOf(await this.#means.cache.get(project, signal), given.group)
    return complete(
      typed,
      names.filter((name) => this.#isClean(name)),
    )
  }

  /** What would leave as another name completes nothing. */
  #isClean(name: string): boolean {
    return name.length <= LONGEST_ADDRESSED && this.#means.redactor.sentence(name) === name
  }

  /** A cursor names a place, and may no more than any other address name one that is not allowed. */
  #placeOfCursor(cursor: string): Place {
    try {
      return this.placeOf(Buffer.from(cursor, 'base64url').toString())
    } catch {
      throw new WrongCursor('The cursor is not one this server gave; list without one to begin again')
    }
  }

  async #projectOf(given: string | undefined, signal: AbortSignal): Promise<number> {
    const { projects, only } = this.#means
    const named = given === undefined || given.trim() === '' ? undefined : Number(given)
    if (named !== undefined && (!Number.isInteger(named) || named < 1)) throw new NoResource('project_id is a number')
    const project = named ?? only ?? (await projects.targetOf({}, signal)).project
    if (only !== undefined && project !== only) throw new NoResource(`Only project ${only} may be read here`)
    return project
  }

  #whyNot(snapshot: Snapshot, place: Place): string {
    if (place.group === 'index') return 'There is no such project'
    const { name, project, group } = place
    const why = toAbsence(this.#means.cache, snapshot, name)
    const other = snapshot.byName.get(name)
    const elsewhere = other === undefined ? undefined : toUri({ project, group: other.group, name })
    const near =
      elsewhere === undefined ? nearestNames(snapshot, name).map((each) => toUriOf(snapshot, each)) : [elsewhere]
    return this.#means.redactor.sentence(
      `Project ${project} has no ${toName(name)} among its ${group}.${why === '' ? '' : ` ${why}`}${near.length === 0 ? '' : ` Nearest: ${near.join(', ')}`}`,
    )
  }

  /** Made once for each snapshot: the size is that of the contents, which have to be written for it. */
  #toResource(snapshot: Snapshot, listed: Listed): ListedResource {
    const known = this.#listed.get(listed)
    if (known !== undefined) return known
    const resource = this.#make(snapshot, listed)
    this.#listed.set(listed, resource)
    return resource
  }

  #make(snapshot: Snapshot, { place, name, description, changedAt }: Listed): ListedResource {
    const contents = contentsAt(snapshot, place, this.#means.redactor)
    const { text = '', json = {} } = contents ?? {}
    const safe = this.#means.redactor.text(name)
    const hidden = toHiddenNote(countHidden(name))
    return {
      uri: toUri(place),
      name: safe.length <= LONGEST_NAME ? safe : `${cut(safe, LONGEST_NAME)}… (cut)`,
      description: `${this.#means.redactor.sentence(description)}${hidden && `, ${hidden} of its name`}`,
      mimeType: TEXT,
      size: Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(json)),
      ...(changedAt === undefined ? {} : { changedAt }),
    }
  }
}

/** What is known of a completion besides the text: the template's group, and the variables filled already. */
export interface Given {
  readonly group: 'tables' | 'views' | 'sources' | 'queryable'
  readonly project_id?: string | undefined
}

const namesOf = ({ entries, sources }: Snapshot, group: Given['group']): readonly string[] =>
  group === 'sources'
    ? sources.map(({ name }) => name)
    : entries.filter((entry) => group === 'queryable' || entry.group === group).map(({ name }) => name)

const toUriOf = ({ project, byName }: Snapshot, name: string): string =>
  toUri({ project, group: byName.get(name)?.group ?? 'sources', name })

const toOverviewOf = (project: number): ListedResource => ({
  uri: toUri({ project, group: 'index' }),
  name: `Project ${project}`,
  description: 'Overview of one of the projects of this key; its tables are read by name',
  mimeType: TEXT,
})

const toCursor = (place: Place): string => Buffer.from(toUri(place)).toString('base64url')
