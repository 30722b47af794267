import type { Operation } from '../src/operation.ts'
import type { Beside, Question } from '../src/question.ts'
import { dataWarehouse } from './data-warehouse.ts'
import { exportsOperations } from './exports.ts'
import { externalDataSources } from './external-data-sources.ts'
import { fileSystem } from './file-system.ts'
import { prompts } from './prompts.ts'
import { queryCalls, queryQuestions } from './query.ts'
import { schemaQuestions, schemaReads, schemaToolsets } from './schema.ts'
import { warehouseSavedQueries } from './warehouse-saved-queries.ts'
import { warehouseTables } from './warehouse-tables.ts'

/** Every documented operation, in the order tools are listed and documented. */
export const operations: readonly Operation[] = [
  ...warehouseTables,
  ...externalDataSources,
  ...warehouseSavedQueries,
  ...dataWarehouse,
  ...exportsOperations,
  ...fileSystem,
]

/** What is asked before and between operations; listed first. */
export const questions: readonly Question[] = [...schemaQuestions, ...queryQuestions]

/** What there is besides tools. */
export const beside: Beside = {
  prompts,
  upstream: { ...schemaReads, ...queryCalls },
  schemaToolsets,
  begin: (offered) => {
    const first = ['schema_list', 'schema_describe'].filter(offered)
    const parts = [
      first.length === 0 ? '' : `Begin with ${first.join(', then ')}`,
      offered('schema_describe') ? 'the same are resources: posthog://projects/{id}/index' : '',
      offered('query_run') ? 'query_run reads rows, SELECT only' : '',
    ].filter((part) => part !== '')
    return parts.length === 0 ? undefined : `${parts.join('; ')}.`
  },
}
