import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { writeDurably } from './durable-files.ts'
import { EngineError } from './engine/engine.ts'
import { busy, saying, wrongMedia } from './errors.ts'
import type { ProjectCall, Reply } from './route.ts'
import { isSeedEra, nameTaken } from './seed-era.ts'
import { covering } from './sources/synced-tables.ts'
import type { TableRecord } from './state.ts'
import { changeTable, describe, discardUpload, type Reading } from './table-engine.ts'
import { FORMATS, isFormat } from './table-input.ts'
import { toTable } from './table-shape.ts'
import { probeLater } from './tables.ts'
import { OWN_HOST } from './url-rules.ts'
import { BUILT_IN, tablesOf, timestamp, viewsOf, type World } from './world.ts'

/** Largest file in bytes (fact sheet: tables 2.3 file). */
export const MAX_FILE = 52_428_800

/** The answer to a file over `MAX_FILE`; also given when a body is too long to be looked at. */
export const TOO_LARGE = 'File size exceeds maximum allowed size of 50MB'

const FAILED = 'Failed to upload file'

interface Upload {
  readonly file: File
  readonly filename: string
  readonly format: (typeof FORMATS)[number]
  readonly name: string
}

/** The checks in upstream's order. Throws 400 in the `{message}` shape. */
const readUpload = (form: FormData, seedEra: boolean): Upload => {
  const file = form.get('file')
  if (file === null || typeof file === 'string') throw saying('No file provided')
  const filename = file.name.replace(/[^a-zA-Z0-9._-]/g, '_')
  if (!seedEra && (filename === '' || filename.startsWith('.'))) throw saying('Invalid filename')
  const format = form.get('format') ?? 'CSVWithNames'
  if (!isFormat(format) && !seedEra) {
    throw saying(`Invalid format. Must be one of: ${[...FORMATS].sort().join(', ')}`)
  }
  const name = String(form.get('name') ?? file.name)
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    throw saying(
      'Table names must start with a letter or underscore and contain only letters, numbers and underscores.',
    )
  }
  if (file.size > MAX_FILE) throw saying(TOO_LARGE)
  // The older release finds out when it reads the file.
  if (!isFormat(format)) throw saying(FAILED)
  return { file, filename, format, name }
}

/** Whether a content type is that of a form with files. */
export const isForm = (type: string): boolean => /^multipart\/form-data\b/i.test(type)

const readForm = async (request: Request): Promise<FormData> => {
  const type = request.headers.get('content-type') ?? ''
  if (!isForm(type)) throw wrongMedia(type)
  try {
    return await request.formData()
  } catch {
    throw saying('No file provided')
  }
}

/**
 * Every upload is a file of its own, which nobody knows of until the state names it: an unreadable one replaces nothing,
 * and a crash at any moment leaves the table with the bytes it had.
 */
const stage = async (world: World, project: number, upload: Upload): Promise<string> => {
  const folder = join('uploads', `team_${project}`)
  await mkdir(join(world.store.directory, folder), { recursive: true, mode: 0o700 })
  const path = join(folder, randomUUID())
  const bytes = Buffer.from(await upload.file.arrayBuffer())
  await world.disk.hold(bytes.length, saying, () => writeDurably(join(world.store.directory, path), bytes))
  return path
}

const urlOf = (project: number, filename: string): string => `https://${OWN_HOST}/managed/team_${project}/${filename}`

const newTable = (world: World, call: ProjectCall, name: string): TableRecord => ({
  id: randomUUID(),
  project: call.project.id,
  createdAt: timestamp(world),
  createdBy: call.key.user.id,
  createdVia: 'api',
  viewId: null,
  name,
  format: '',
  urlPattern: '',
  credential: null,
  columns: [],
  options: {},
  upload: null,
  deleted: false,
})

interface Loaded {
  readonly columns: TableRecord['columns']
  readonly upload: string
}

/** Reads the staged bytes. Upstream leaves a broken row behind here; this does not. */
const load = async (world: World, call: ProjectCall, upload: Upload): Promise<Loaded> => {
  const path = await stage(world, call.project.id, upload)
  const reading: Reading = {
    format: upload.format,
    urlPattern: urlOf(call.project.id, upload.filename),
    credential: null,
    options: {},
    upload: path,
  }
  try {
    return { columns: await describe(world, reading, call.signal), upload: path }
  } catch (error) {
    await rm(join(world.store.directory, path), { force: true })
    if (!(error instanceof EngineError)) throw error
    throw error.reason === 'busy' ? busy() : saying(FAILED)
  }
}

/** Another table with the same file name reads the same stored object upstream, and so here. */
const shareObject = async (world: World, { id, project, urlPattern, upload }: TableRecord): Promise<void> => {
  const others = tablesOf(world, project).filter(
    (other) => other.id !== id && other.upload !== null && other.urlPattern === urlPattern,
  )
  for (const other of others) {
    const before = other.upload
    await changeTable(world, other, { upload }).catch((error: unknown) => {
      // One that was deleted meanwhile needs no file.
      if (!other.deleted) throw error
    })
    discardUpload(world, before)
  }
}

/**
 * Throws 400 for a name that something other than a table of its own has: upstream would overshadow a view or a built-in
 * table and replace the rows of a materialized view, and SQL could not tell them apart.
 */
const checkName = (world: World, project: number, name: string): void => {
  const views = viewsOf(world, project)
  if (BUILT_IN.includes(name) || views.some((view) => view.name === name)) throw saying(nameTaken(world))
  const { viewId = null } = tablesOf(world, project).find((table) => table.name === name) ?? {}
  if (viewId === null) return
  const view = views.find(({ id }) => id === viewId)
  throw saying(
    `The table ${name} is filled by the materialized view ${view?.name ?? viewId}, so no file can take its place. Choose a different name.`,
  )
}

/** Makes the table of that name the uploaded one, or a new table. Throws 400 when the name was taken meanwhile. */
const take = async (world: World, call: ProjectCall, upload: Upload, loaded: Loaded): Promise<TableRecord> => {
  const project = call.project.id
  checkName(world, project, upload.name)
  const known = tablesOf(world, project).find(({ name }) => name === upload.name)
  const table = known ?? newTable(world, call, upload.name)
  const before = table.upload
  await changeTable(world, table, {
    ...loaded,
    ...covering(table),
    format: upload.format,
    urlPattern: urlOf(project, upload.filename),
    credential: null,
    options: {},
  })
  if (known === undefined) world.store.state.tables.push(table)
  discardUpload(world, before)
  await shareObject(world, table)
  return table
}

/** Removes the files no live table names: what a crash left between a change and its cleaning up. */
export const sweepUploads = async (world: World): Promise<void> => {
  const used = new Set(world.store.state.tables.flatMap(({ upload, deleted }) => (deleted ? [] : (upload ?? []))))
  const folder = join(world.store.directory, 'uploads')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name)
    if (!used.has(relative(world.store.directory, path))) await rm(path, { force: true })
  }
}

/**
 * `POST …/warehouse_tables/file/`: a live table of that name is overwritten, also one that a source fills, and the answer
 * is still 201.
 */
export const uploadFile = async (world: World, call: ProjectCall): Promise<Reply> => {
  const upload = readUpload(await readForm(call.request), isSeedEra(world))
  checkName(world, call.project.id, upload.name)
  const loaded = await load(world, call, upload)
  const table = await world.commits
    .take(() => take(world, call, upload, loaded))
    .catch((error: unknown) => {
      discardUpload(world, loaded.upload)
      throw error
    })
  probeLater(world, table)
  return { status: 201, body: toTable(world, table, call.key, call.project, call.url) }
}
