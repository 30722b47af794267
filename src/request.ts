import type { Json, ListReply, Operation, Upload } from './operation.ts'

/** Where a call goes: the root PostHog registers the route under, and the project (both roots take the same number). */
export interface Target {
  readonly root: 'projects' | 'environments'
  readonly project: number
}

/** A request as it leaves for PostHog, below the configured origin. */
export interface ApiRequest {
  readonly method: Operation['method']
  readonly path: string
  /** The path with names in the place of its values. */
  readonly route: string
  readonly query: readonly (readonly [string, string])[]
  readonly json?: unknown
  readonly upload?: Upload
}

/** Rows in one of PostHog's fixed pages (fact sheet: tables 3.4). */
const FIXED_PAGE = 1000

/**
 * One path segment. Every value that reaches a path goes through here, encoded, so that none can climb or branch.
 * @throws RangeError for what no id can be: nothing, `.`, `..`, a control character or half of a surrogate pair
 */
export const toSegment = (value: unknown): string => {
  const text = String(value)
  if (text === '' || text === '.' || text === '..' || /[\p{Cc}\p{Surrogate}]/u.test(text))
    throw new RangeError('a path segment cannot be empty, a dot name, half a character or contain control characters')
  return encodeURIComponent(text)
}

/** `/api/{root}/{project}/…` with every hole of the template filled from the inputs. */
export const toPath = (target: Target, template: string, input: Json): string => {
  const below = template.replace(/\{(\w+)\}/g, (_hole, name: string) => toSegment(input[name]))
  return `/api/${target.root}/${toSegment(target.project)}/${below}`
}

/** The same with the names of the holes: as many of them as there are operations. */
export const toRoute = ({ root }: Target, template: string): string => `/api/${root}/{project_id}/${template}`

/** The request of one call, from its record and its checked inputs. Pure. */
export const toRequest = (operation: Operation, input: Json, target: Target): ApiRequest => {
  const inPath = new Set([...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))
  // `save_to` names a file on this machine, which is nobody else's business.
  const local = operation.reply.kind === 'file' ? 'save_to' : undefined
  const free = Object.entries(input).filter(
    ([name, value]) => !inPath.has(name) && value !== undefined && name !== local,
  )
  const paged = operation.reply.kind === 'list' ? toUpstreamPage(operation.reply, input) : {}
  const query = Object.entries({ ...(operation.method === 'GET' ? Object.fromEntries(free) : {}), ...paged })
  const request = {
    method: operation.method,
    path: toPath(target, operation.path, input),
    route: toRoute(target, operation.path),
    query: query.flatMap(([name, value]) => toPairs(name, value)),
  }
  if (operation.upload) return { ...request, upload: operation.upload(input) }
  if (operation.method === 'GET' || operation.method === 'DELETE') return request
  const json = operation.body ? operation.body(input) : Object.fromEntries(free)
  return json === undefined ? request : { ...request, json }
}

/** A list repeats its key; undefined leaves it out. */
const toPairs = (name: string, value: unknown): (readonly [string, string])[] => {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]).map((item) => [name, String(item)] as const)
}

/** What upstream is told of paging; undefined for what it must not be told. */
const toUpstreamPage = (reply: ListReply, { limit, offset, page }: Json): Json => {
  const size = typeof limit === 'number' ? limit : reply.limit
  const start = typeof offset === 'number' ? offset : 0
  switch (reply.paging) {
    case 'offset':
      return { limit: size, offset: start === 0 ? undefined : start }
    case 'page':
      return { limit: size, page }
    case 'thousand':
      return {
        limit: undefined,
        offset: undefined,
        page: start < FIXED_PAGE ? undefined : Math.floor(start / FIXED_PAGE) + 1,
      }
    case 'whole':
      return { limit: undefined, offset: undefined }
    default:
      return {}
  }
}

/** The part of a reply's rows that was asked for, where upstream sends more than that; and the whole count if known. */
export const cutToPage = (
  reply: ListReply,
  rows: readonly unknown[],
  { limit, offset }: Json,
): { readonly rows: readonly unknown[]; readonly start: number; readonly size: number } => {
  const size = typeof limit === 'number' ? limit : reply.limit
  const start = typeof offset === 'number' ? offset : 0
  if (reply.paging === 'whole') return { rows: rows.slice(start, start + size), start, size }
  if (reply.paging === 'thousand')
    return { rows: rows.slice(start % FIXED_PAGE, (start % FIXED_PAGE) + size), start, size }
  return { rows, start, size }
}
