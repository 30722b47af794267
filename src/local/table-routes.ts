import { at, type Route } from './route.ts'
import { sinceLatest } from './seed-era.ts'
import { refreshSchema, updateSchema } from './table-schema.ts'
import { createTable, destroyTable, listTables, retrieveTable, updateTable } from './tables.ts'
import { uploadFile } from './upload.ts'
import type { World } from './world.ts'

const READ = ['warehouse_table:read']
const WRITE = ['warehouse_table:write']
const LIST = '/warehouse_tables'
const ONE = '/warehouse_tables/:id'

/** The tables resource with the scopes of its generation (fact sheet: tables 1.2). */
export const tableRoutes = (world: World): readonly Route[] => [
  at('POST', `${LIST}/file`, WRITE, (call) => uploadFile(world, call)),
  at('POST', `${ONE}/refresh_schema`, sinceLatest(world, WRITE), (call) => refreshSchema(world, call)),
  at('POST', `${ONE}/update_schema`, null, (call) => updateSchema(world, call)),
  at('GET', LIST, READ, (call) => listTables(world, call)),
  at('POST', LIST, WRITE, (call) => createTable(world, call)),
  at('GET', ONE, READ, (call) => retrieveTable(world, call)),
  at('PATCH', ONE, WRITE, (call) => updateTable(world, call, true)),
  at('PUT', ONE, WRITE, (call) => updateTable(world, call, false)),
  at('DELETE', ONE, WRITE, (call) => destroyTable(world, call)),
]
