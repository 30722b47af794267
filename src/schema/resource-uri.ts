/** What a URI names; `index` is the overview of a project. */
export type Place =
  | { readonly project: number; readonly group: 'index' }
  | { readonly project: number; readonly group: 'tables' | 'views' | 'sources'; readonly name: string }

/** The groups whose members have names. */
export const GROUPS = ['tables', 'views', 'sources'] as const

const ROOT = 'posthog://projects/'

/** As RFC 6570 fills `{name}`: everything but letters, digits and `-._~` is encoded, so that any name is one segment. */
const encode = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** The URI of a place. One place has one URI. */
export const toUri = (place: Place): string =>
  place.group === 'index'
    ? `${ROOT}${place.project}/index`
    : `${ROOT}${place.project}/${place.group}/${encode(place.name)}`

/** The place of a URI; undefined for one that is not ours. Names may be encoded more, or less, than we do. */
export const parseUri = (uri: string): Place | undefined => {
  const [, id = '', group, name] = /^posthog:\/\/projects\/([1-9]\d{0,9})\/(\w+)(?:\/([^/?#]+))?$/.exec(uri) ?? []
  const project = Number(id)
  if (group === 'index' && name === undefined) return { project, group }
  const known = GROUPS.find((each) => each === group)
  if (known === undefined || name === undefined) return undefined
  try {
    return { project, group: known, name: decodeURIComponent(name) }
  } catch {
    return undefined
  }
}

/** A template, by the group that it names. */
export const toTemplate = (group: (typeof GROUPS)[number]): string => `${ROOT}{project_id}/${group}/{name}`

/** The template of the overviews. */
export const INDEX_TEMPLATE = `${ROOT}{project_id}/index`
