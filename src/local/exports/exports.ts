import { crashed, notFound } from '../errors.ts'
import { byOffset } from '../paging.ts'
import type { ProjectCall, Reply } from '../route.ts'
import { timestamp, type World } from '../world.ts'
import { isExpired, readContent, sweep } from './export-files.ts'
import { readExport } from './export-input.ts'
import type { ExportRuns } from './export-runs.ts'
import { filenameOf, toExport } from './export-shape.ts'
import type { ExportRecord } from './export-state.ts'
import type { ExportStorage } from './export-storage.ts'
import { expiryOf, formatOf } from './formats.ts'

/** The caller's own exports in a project; nobody sees another's, not even an admin. Newest first. */
const ownExports = (world: World, call: ProjectCall): readonly ExportRecord[] =>
  world.store.state.exports
    .filter((row) => row.project === call.project.id && row.createdBy === call.key.user.id && !isExpired(world, row))
    .reverse()

const find = (world: World, call: ProjectCall): ExportRecord => {
  const found = ownExports(world, call).find(({ id }) => String(id) === call.param('id'))
  if (found === undefined) throw notFound()
  return found
}

const pathOf = ({ context }: ExportRecord): string => (typeof context.path === 'string' ? context.path : '')

/** GET exports/. A filter by a format that does not exist is ignored (fact sheet: files-exports 3.3). */
export const listExports = (world: World, call: ProjectCall): Reply => {
  const format = call.url.searchParams.get('export_format')
  const path = call.url.searchParams.get('context_path')
  const rows = ownExports(world, call)
    .filter((row) => formatOf(format) === undefined || row.format === format)
    .filter((row) => path === null || path === '' || pathOf(row).includes(path))
  const page = byOffset(rows, call.url)
  const results = page.results.map((row) => toExport(world, row, call.key, call.project))
  return { status: 200, body: { ...page, results } }
}

/** POST exports/: makes the file before it answers, and answers 201 also when that failed. */
export const createExport = async (world: World, runs: ExportRuns, call: ProjectCall): Promise<Reply> => {
  const { format, context } = readExport(await call.json())
  await sweep(world)
  const { exports } = world.store.state
  const row: ExportRecord = {
    id: (exports.at(-1)?.id ?? 0) + 1,
    project: call.project.id,
    createdBy: call.key.user.id,
    createdAt: timestamp(world),
    format,
    context,
    expiresAfter: expiryOf(format, world.clock()),
    hasContent: false,
    exception: null,
  }
  exports.push(row)
  await runs.make(row)
  return { status: 201, body: toExport(world, row, call.key, call.project) }
}

/** GET exports/:id/. */
export const retrieveExport = (world: World, call: ProjectCall): Reply => ({
  status: 200,
  body: toExport(world, find(world, call), call.key, call.project),
})

/** GET exports/:id/content/: a redirect to the storage, to be followed without the key. */
export const exportContent = async (world: World, storage: ExportStorage, call: ProjectCall): Promise<Reply> => {
  // The id is read as a number before anything is looked up, and a text that is none is not caught.
  if (!/^-?\d+$/.test(call.param('id'))) throw crashed()
  const row = find(world, call)
  if (!row.hasContent) throw notFound()
  const { searchParams } = call.url
  const isDownload = searchParams.get('download') === 'true'
  const disposition = `attachment; filename="${filenameOf(row)}"`
  if (world.editions.warehouse === 'N' && row.format === 'image/png' && searchParams.get('direct') === 'true') {
    const bytes = await readContent(world, row.id)
    if (bytes === undefined) throw notFound()
    const headers = { 'content-type': row.format, ...(isDownload && { 'content-disposition': disposition }) }
    return { status: 200, bytes, headers }
  }
  const file = { id: row.id, type: row.format, ...(isDownload && { disposition }) }
  return { status: 302, headers: { location: storage.sign(call.url.origin, file) } }
}
