import { invalid } from '../errors.ts'
import type { ProjectCall } from '../route.ts'
import type { World } from '../world.ts'
import { filesOf } from './file-rows.ts'
import { isBelow } from './paths.ts'
import { toTest } from './search.ts'
import type { FileRecord } from './tree-state.ts'

type Test = (row: FileRecord) => boolean

/** A time in ISO form, UTC unless it says otherwise; undefined for other texts. */
export const toTime = (text: string): number | undefined => {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(text)
  if (parts === null) return undefined
  const [, day, time = '00:00', zone = 'Z'] = parts
  const at = Date.parse(`${day}T${time}${zone.replace(/(\d{2}):?(\d{2})$/, '$1:$2')}`)
  return Number.isNaN(at) ? undefined : at
}

const toLimit = (text: string): number => {
  const at = toTime(text)
  if (at !== undefined) return at
  // The sheet has no text for this one.
  throw invalid(`"${text}" is not a valid datetime.`)
}

/** Filters by one parameter each; one that is absent or empty does not filter. */
const FILTERS: Readonly<Record<string, (value: string) => Test>> = {
  depth: (value) => (/^\s*[+-]?\d+\s*$/.test(value) ? (row) => row.depth === Number(value) : () => true),
  path: (value) => (row) => row.path === value,
  parent: (value) => (row) => isBelow(row.path, value),
  type: (value) => (row) => row.type === value,
  not_type: (value) => (row) => row.type !== value,
  type__startswith: (value) => (row) => row.type.startsWith(value),
  ref: (value) => (row) => row.ref === value,
  created_at__gt: (value) => {
    const at = toLimit(value)
    return (row) => Date.parse(row.createdAt) > at
  },
  created_at__lt: (value) => {
    const at = toLimit(value)
    return (row) => Date.parse(row.createdAt) < at
  },
}

/** The test of `search` and, in F2, `search_name_only`. */
export const searchOf = (world: World, { url, key }: ProjectCall): Test => {
  const nameOnly = world.editions.files === 'F2' && url.searchParams.get('search_name_only') === 'true'
  return toTest(url.searchParams.get('search') ?? '', key.user, nameOnly)
}

/** The rows the parameters leave. They count wherever a row is looked up, also by its id (files-exports 4.3). */
export const baseSet = (world: World, call: ProjectCall): readonly FileRecord[] => {
  const tests = Object.entries(FILTERS).map(([name, filter]): Test => {
    const value = call.url.searchParams.get(name)
    return value === null || value === '' ? () => true : filter(value)
  })
  const found = searchOf(world, call)
  return filesOf(world, call.project.id).filter((row) => tests.every((test) => test(row)) && found(row))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

type Order = (a: FileRecord, b: FileRecord) => number

const byPath: Order = (a, b) => compare(a.path.toLowerCase(), b.path.toLowerCase())

const reverse =
  (order: Order): Order =>
  (a, b) =>
    order(b, a)

const ORDERS: Readonly<Record<string, Order>> = {
  path: (a, b) => compare(a.path, b.path),
  created_at: (a, b) => compare(a.createdAt, b.createdAt) || compare(a.id, b.id),
}

/** The order of a list; `ref` and then `order_by` go before the defaults. */
export const orderOf = ({ searchParams }: URL): Order => {
  const by = searchParams.get('order_by')
  if (searchParams.get('ref'))
    return (a, b) => Number(a.shortcut ?? false) - Number(b.shortcut ?? false) || byPath(a, b)
  if (by !== null && by !== '') {
    const order = ORDERS[by.replace(/^-/, '')]
    const newest = reverse(ORDERS.created_at ?? byPath)
    return order === undefined ? newest : by.startsWith('-') ? reverse(order) : order
  }
  if (!/^\s*[+-]?\d+\s*$/.test(searchParams.get('depth') ?? '')) return byPath
  return (a, b) => Number(b.type === 'folder') - Number(a.type === 'folder') || byPath(a, b)
}
