import { randomUUID } from 'node:crypto'
import { invalid, saying } from './errors.ts'
import { matches } from './fields.ts'
import { byOffset } from './paging.ts'
import type { ProjectCall, Reply } from './route.ts'
import { isSeedEra, nameTaken } from './seed-era.ts'
import type { CredentialRecord, TableRecord } from './state.ts'
import { changeTable, describeForCaller, discardUpload, probeColumns, putTable } from './table-engine.ts'
import { findTable, readTable, type TableInput } from './table-input.ts'
import { toTable } from './table-shape.ts'
import { takeRows } from './view-rows.ts'
import { isTaken, tablesOf, timestamp, type World } from './world.ts'

const show = (world: World, call: ProjectCall, table: TableRecord, status = 200): Reply => ({
  status,
  body: toTable(world, table, call.key, call.project, call.url),
})

/** Probes in the background, as upstream's task does; nobody waits, so trouble goes to the log. */
export const probeLater = (world: World, table: TableRecord): void => {
  probeColumns(world, table)
    .then(() => world.store.save())
    .catch(() => world.log(`the columns of table ${table.id} could not be probed`))
}

const newCredential = (world: World, keys: TableInput['credential']): CredentialRecord => ({
  id: randomUUID(),
  createdAt: timestamp(world),
  accessKey: keys?.accessKey ?? '',
  accessSecret: keys?.accessSecret ?? '',
})

/** `GET …/warehouse_tables/`: newest first. */
export const listTables = (world: World, call: ProjectCall): Reply => {
  const search = call.url.searchParams.get('search')
  const rows = tablesOf(world, call.project.id)
    .filter((table) => matches(table.name, search))
    .reverse()
  const page = byOffset(rows, call.url)
  const results = page.results.map((table) => toTable(world, table, call.key, call.project, call.url))
  return { status: 200, body: { ...page, results } }
}

/** `POST …/warehouse_tables/`: reads the bucket or file before it answers. */
export const createTable = async (world: World, call: ProjectCall): Promise<Reply> => {
  const input = await readTable(world, call.project.id, await call.json(), { partial: false })
  const table: TableRecord = {
    id: randomUUID(),
    project: call.project.id,
    createdAt: timestamp(world),
    createdBy: call.key.user.id,
    createdVia: 'api',
    viewId: null,
    name: input.name ?? '',
    format: input.format ?? '',
    urlPattern: input.urlPattern ?? '',
    credential: newCredential(world, input.credential),
    columns: [],
    options: input.options ?? {},
    upload: null,
    deleted: input.deleted ?? false,
  }
  table.columns = await describeForCaller(world, table, call.signal)
  // Reading took its time: somebody may have taken the name.
  await world.commits.take(async () => {
    if (isTaken(world, call.project.id, table.name)) throw invalid(nameTaken(world), 'name')
    if (!table.deleted) await putTable(world, table)
    world.store.state.tables.push(table)
  })
  if (!table.deleted) probeLater(world, table)
  return show(world, call, table, 201)
}

/** `GET …/{id}/` */
export const retrieveTable = (world: World, call: ProjectCall): Reply =>
  show(world, call, findTable(world, call.project.id, call.param('id')))

/** Only a changed quote setting makes PATCH look at the file (fact sheet: tables 2.3 partial_update). */
const checkQuotes = async (world: World, table: TableRecord, next: TableRecord, signal: AbortSignal): Promise<void> => {
  const changed = table.options.csv_allow_double_quotes !== next.options.csv_allow_double_quotes
  if (changed && ['CSV', 'CSVWithNames'].includes(next.format)) await describeForCaller(world, next, signal)
}

const changesOf = (table: TableRecord, input: TableInput, partial: boolean) => ({
  name: input.name ?? table.name,
  format: input.format ?? table.format,
  urlPattern: input.urlPattern ?? table.urlPattern,
  credential: table.credential === null ? null : { ...table.credential, ...input.credential },
  options: input.options ?? (partial ? table.options : {}),
  deleted: input.deleted ?? table.deleted,
})

/** `PATCH` and `PUT …/{id}/`. The columns stay as they are: `refresh_schema` reads them again. */
export const updateTable = async (world: World, call: ProjectCall, partial: boolean): Promise<Reply> => {
  const body = await call.json()
  const table = findTable(world, call.project.id, call.param('id'))
  const input = await readTable(world, call.project.id, body, { partial, table })
  const asked = { ...table, ...changesOf(table, input, partial) }
  if (!isSeedEra(world)) await checkQuotes(world, table, asked, call.signal)
  await world.commits.take(async () => {
    // Of the table as it is now: another call may have changed what this one leaves alone.
    const changes = changesOf(table, input, partial)
    const renamed = changes.name !== table.name
    if (renamed && isTaken(world, table.project, changes.name, table.id)) throw invalid(nameTaken(world), 'name')
    await changeTable(world, table, changes)
  })
  return show(world, call, table)
}

/** Hides a table, and for one behind a materialized view gives the view its plain SQL back. */
export const dropTable = (world: World, table: TableRecord): void => {
  table.deleted = true
  const view = world.store.state.views.find((candidate) => candidate.tableId === table.id)
  if (view === undefined) {
    world.engine.remove(table.project, table.id).catch(() => world.log(`table ${table.id} could not be forgotten`))
  } else {
    view.tableId = null
    takeRows(world, view, null)
  }
  discardUpload(world, table.upload)
}

/** `DELETE …/{id}/`: soft; an uploaded file goes when no other live table uses it. A synced table goes with its source. */
export const destroyTable = (world: World, call: ProjectCall): Reply => {
  const table = findTable(world, call.project.id, call.param('id'))
  if (table.synced !== undefined) throw saying("Can't delete a sourced table")
  dropTable(world, table)
  return { status: 204 }
}
