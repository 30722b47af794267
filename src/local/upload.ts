import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from './engine/engine.ts'
import { busy, saying, wrongMedia } from './errors.ts'
import type { ProjectCall, Reply } from './route.ts'
import type { TableRecord } from './state.ts'
import { describe, putTable, type Reading } from './table-engine.ts'
import { FORMATS, isFormat } from './table-input.ts'
import { toTable } from './table-shape.ts'
import { probeLater } from './tables.ts'
import { OWN_HOST } from './url-rules.ts'
import { BUILT_IN, NAME_TAKEN, tablesOf, timestamp, viewsOf, type World } from './world.ts'

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
const readUpload = (form: FormData): Upload => {
  const file = form.get('file')
  if (file === null || typeof file === 'string') throw saying('No file provided')
  const filename = file.name.replace(/[^a-zA-Z0-9._-]/g, '_')
  if (filename === '' || filename.startsWith('.')) throw saying('Invalid filename')
  const format = form.get('format') ?? 'CSVWithNames'
  if (!isFormat(format)) {
    throw saying(`Invalid format. Must be one of: ${[...FORMATS].sort().join(', ')}`)
  }
  const name = String(form.get('name') ?? file.name)
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) {
    throw saying(
      'Table names must start with a letter or underscore and contain only letters, numbers and underscores.',
    )
  }
  if (file.size > MAX_FILE) throw saying(TOO_LARGE)
  return { file, filename, format, name }
}

const readForm = async (request: Request): Promise<FormData> => {
  const type = request.headers.get('content-type') ?? ''
  if (!/^multipart\/form-data\b/i.test(type)) throw wrongMedia(type)
  try {
    return await request.formData()
  } catch {
    throw saying('No file provided')
  }
}

/** Puts the bytes next to their place, so that an unreadable file never replaces a readable one. */
const stage = async (world: World, project: number, upload: Upload): Promise<{ temporary: string; final: string }> => {
  const folder = join('uploads', `team_${project}`)
  await mkdir(join(world.store.directory, folder), { recursive: true, mode: 0o700 })
  const temporary = join(folder, `.${randomUUID()}`)
  const bytes = Buffer.from(await upload.file.arrayBuffer())
  await writeFile(join(world.store.directory, temporary), bytes, { mode: 0o600 })
  return { temporary, final: join(folder, upload.filename) }
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

/** Reads the staged bytes and moves them to their place. Upstream leaves a broken row behind here; this does not. */
const load = async (
  world: World,
  call: ProjectCall,
  upload: Upload,
): Promise<Pick<TableRecord, 'columns' | 'upload'>> => {
  const { temporary, final } = await stage(world, call.project.id, upload)
  const reading: Reading = {
    format: upload.format,
    urlPattern: urlOf(call.project.id, upload.filename),
    credential: null,
    options: {},
    upload: temporary,
  }
  const from = join(world.store.directory, temporary)
  try {
    const columns = await describe(world, reading, call.signal)
    await rename(from, join(world.store.directory, final))
    return { columns, upload: final }
  } catch (error) {
    await rm(from, { force: true })
    if (!(error instanceof EngineError)) throw error
    throw error.reason === 'busy' ? busy() : saying(FAILED)
  }
}

/**
 * `POST …/warehouse_tables/file/`: a live table of that name is overwritten, and the answer is still 201. Upstream
 * would even overshadow a view or a built-in table; here that is refused, because SQL could not tell them apart.
 */
export const uploadFile = async (world: World, call: ProjectCall): Promise<Reply> => {
  const upload = readUpload(await readForm(call.request))
  const project = call.project.id
  if (BUILT_IN.includes(upload.name) || viewsOf(world, project).some((view) => view.name === upload.name)) {
    throw saying(NAME_TAKEN)
  }
  const loaded = await load(world, call, upload)
  const table = await world.commits.take(async () => {
    const known = tablesOf(world, project).find((candidate) => candidate.name === upload.name)
    const target = known ?? newTable(world, call, upload.name)
    Object.assign(target, loaded, {
      format: upload.format,
      urlPattern: urlOf(project, upload.filename),
      credential: null,
      options: {},
    })
    if (known === undefined) world.store.state.tables.push(target)
    await putTable(world, target)
    return target
  })
  probeLater(world, table)
  return { status: 201, body: toTable(table, call.key, call.project, call.url) }
}
