import { isDeepStrictEqual } from 'node:util'
import { maskSecrets, toShownInputs } from './sources/secrets.ts'
import type { SourceRecord } from './sources/source-state.ts'
import type { State, TableRecord } from './state.ts'

const forgetKeys = (table: TableRecord): void => {
  if (table.credential !== null) table.credential = { ...table.credential, accessKey: '', accessSecret: '' }
  // A signed address has its signature, and some their password, in these parts.
  table.urlPattern = table.urlPattern.replace(/\?.*$/s, '').replace(/^(\w+:\/\/)[^/]*@/, '$1')
}

/** What a source said of a failed run may repeat what it was told. */
const forgetInputs = (state: State, source: SourceRecord): void => {
  const shown = toShownInputs(source.sourceType, source.inputs)
  if (isDeepStrictEqual(shown, source.inputs)) return
  for (const job of state.syncs) {
    if (job.sourceId !== source.id || job.latestError === null) continue
    job.latestError = maskSecrets(job.latestError, source.sourceType, source.inputs)
  }
  source.inputs = shown
}

/**
 * Takes the secrets out of what was deleted: passwords and connection strings of sources, keys of buckets. The rest of
 * the records stays, for the history.
 */
export const forgetSecrets = (state: State): void => {
  for (const table of state.tables) if (table.deleted) forgetKeys(table)
  for (const source of state.sources) if (source.deleted) forgetInputs(state, source)
}
