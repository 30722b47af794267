import type { Operation } from '../src/operation.ts'
import { dataWarehouse } from './data-warehouse.ts'
import { exportsOperations } from './exports.ts'
import { externalDataSources } from './external-data-sources.ts'
import { fileSystem } from './file-system.ts'
import { warehouseSavedQueries } from './warehouse-saved-queries.ts'
import { warehouseTables } from './warehouse-tables.ts'

/** Every operation, in the order tools are listed and documented. */
export const operations: readonly Operation[] = [
  ...warehouseTables,
  ...externalDataSources,
  ...warehouseSavedQueries,
  ...dataWarehouse,
  ...exportsOperations,
  ...fileSystem,
]
