import { z } from 'zod'
import { type Json, operation } from '../src/operation.ts'
import * as derived from './derivations.ts'
import {
  boolean,
  changesSomething,
  id,
  nothingToChange,
  number,
  object,
  paging,
  repeated,
  rowsOf,
  string,
  text,
} from './fields.ts'
import { entryLoss } from './losses.ts'

const base = { toolset: 'file_system', documented: ['environments'], openWorld: false } as const
const read = { ...base, effect: 'read', tier: 'read', idempotent: true, scopes: ['file_system:read'] } as const
const write = { ...base, tier: 'write', keys: 'allowed', scopes: ['file_system:write'] } as const
const ofEntry = z.strictObject({ id })

const path = text.describe('a/b; a slash in a name is \\/')
const settable = {
  type: z.string().optional(),
  ref: z.string().optional(),
  href: z.string().optional(),
  // An object only: one row with other JSON makes every later list of its page a 500 (fact sheet: managed 6.26).
  meta: z.record(z.string(), z.unknown()).optional(),
  shortcut: z.boolean().optional(),
}

/** The fields of an entry a reader asks for first. */
const entry = z.looseObject({ id: string, path: string, type: string, ref: string, shortcut: boolean, meta: object })

const list = operation({
  name: 'file_system_list',
  ...read,
  title: 'List the project tree',
  description:
    'Lists the project tree of the app: folders, and entries that point to dashboards, insights, flags (type, ref). Not the files behind tables.',
  method: 'GET',
  path: 'file_system/',
  keys: 'allowed',
  input: z.strictObject({
    search: z.string().optional().describe('words, type:x ref:x user:me; - negates'),
    path: text.optional().describe('exact'),
    parent: text.optional().describe('everything below'),
    depth: z.int().min(0).optional(),
    type: text.optional(),
    order_by: z.enum(['path', '-path', 'created_at', '-created_at']).optional(),
    ...paging,
  }),
  reply: {
    kind: 'list',
    at: 'results',
    paging: 'offset',
    limit: 50,
    row: entry.omit({ meta: true }).extend({ href: string }),
  },
  leftOut: {
    ref: 'search has it: ref:x.',
    not_type: 'search has it: -type:folder.',
    type__startswith: 'search has it: type:hog_function/.',
    search_name_only: 'Newer PostHog only; search has it: name:x.',
    created_at__gt: 'order_by -created_at shows the newest first.',
    created_at__lt: 'order_by created_at shows the oldest first.',
    'order_by last_viewed_at': 'Newer PostHog then ignores the other filters without a word.',
  },
  deviations: ['Rows leave out meta (file_system_get has it); the undocumented users are left out.'],
})

const create = operation({
  name: 'file_system_create',
  ...write,
  title: 'Add to the tree',
  description:
    'Adds a folder, or an entry pointing to an object (which it does not make), with missing parent folders. Twice makes two: look with file_system_list (path) first.',
  method: 'POST',
  path: 'file_system/',
  effect: 'write',
  // Upstream knows no uniqueness: the same path and type twice are two rows (fact sheet: managed 4.1).
  idempotent: false,
  input: z.strictObject({ path, ...settable }),
  reply: { kind: 'object', fields: entry },
  creates: 'the entry',
  opaque: ['meta'],
  check: 'file_system_list',
  deviations: ['ref is not checked. meta must be an object.'],
})

const get = operation({
  name: 'file_system_get',
  ...read,
  title: 'Get a tree entry',
  description: 'One entry or folder of the project tree, with its meta.',
  method: 'GET',
  path: 'file_system/{id}/',
  keys: 'allowed',
  input: ofEntry,
  reply: { kind: 'object', fields: entry },
  opaque: ['meta'],
})

/** Why a path must not be changed: the rows below a folder keep the old one (fact sheet: managed 4.5). */
const refuseFolderMove = (body: Json, input: { path?: string | undefined }): string | undefined =>
  body.type === 'folder' && body.path !== input.path
    ? 'A new path of a folder would leave everything in it behind under the old one. Move the folder in the PostHog app; or create the new folder (file_system_create) and give each entry below (file_system_list with parent) its new path. Other fields can be changed without path.'
    : undefined

const update = operation({
  name: 'file_system_update',
  ...write,
  title: 'Change a tree entry',
  description:
    'Moves an entry (path; not folders) or changes what it points to. Missing parents: file_system_create first.',
  method: 'PATCH',
  path: 'file_system/{id}/',
  effect: 'write',
  idempotent: true,
  input: z.strictObject({ id, path: path.optional(), ...settable }).refine(changesSomething, nothingToChange),
  guard: { of: 'object', path: 'file_system/{id}/', when: ({ path }) => path !== undefined, refuse: refuseFolderMove },
  reply: { kind: 'object', fields: entry },
  opaque: ['meta'],
  check: 'file_system_get',
  deviations: ['A new path of a folder is refused here; upstream orphans what is in it.', 'meta must be an object.'],
})

const remove = operation({
  name: 'file_system_delete',
  ...write,
  title: 'Delete entry and object',
  description: 'Deletes an entry AND the dashboard, insight or flag only it points to; of a folder, everything below.',
  method: 'DELETE',
  path: 'file_system/{id}/',
  // The last entry takes the object behind it along, which the documented 204 hides (fact sheet: managed 4.5).
  effect: 'destructive',
  loss: entryLoss,
  idempotent: true,
  input: ofEntry,
  reply: {
    kind: 'object',
    fields: z.looseObject({
      deleted: z.array(z.looseObject({ type: string, path: string, can_undo: boolean })).optional(),
    }),
    empty: () =>
      'PostHog removed the entry (and, of a folder, the entries below it). It names no object that was deleted with it.',
  },
  check: 'file_system_get',
  deviations: [
    'Answers 200 with what was deleted when an object went, 204 when only rows did; older PostHog only removes rows.',
  ],
})

/** What a person deciding on a delete needs to see of an entry. */
const toPreview = ({ path, type, ref, shortcut }: Json): Json => ({ path, type, ref, shortcut })

const count = operation({
  name: 'file_system_count',
  // A POST that only reads (fact sheet: managed 4.6).
  ...read,
  title: 'Count below a folder',
  description: 'How many entries are below a folder, at every depth, with a preview.',
  method: 'POST',
  path: 'file_system/{id}/count/',
  keys: 'newer',
  instead: 'file_system_list with parent lists and counts everything below a folder.',
  derive: derived.folderCount,
  input: ofEntry,
  body: () => undefined,
  reply: {
    kind: 'object',
    fields: z.looseObject({
      count: number,
      entries: z.array(z.looseObject({ path: string })).optional(),
      has_more: boolean,
    }),
    from: ({ entries, ...rest }) =>
      entries === undefined ? rest : { ...rest, entries: rowsOf({ entries }, 'entries').map(toPreview) },
  },
  leftOut: repeated(['path', 'type', 'ref', 'href', 'meta', 'shortcut']),
  deviations: ['Older PostHog sends only count; the preview holds at most 200 entries.'],
})

/** The project tree of the app's sidebar (fact sheet: managed 4). */
export const fileSystem = [list, create, get, update, remove, count]
