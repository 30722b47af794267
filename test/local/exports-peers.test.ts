/** Without the optional packages an export says what to install. A file of its own: the packages are mocked away. */
import { expect, test, vi } from 'vitest'
import { openBench } from './tree-setup.ts'

vi.mock('pngjs', () => {
  throw new Error('not installed')
})
vi.mock('write-excel-file/node', () => {
  throw new Error('not installed')
})

test.each([
  ['image/png', 'PNG exports of the local warehouse need a package: run `npm install pngjs`.'],
  [
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'XLSX exports of the local warehouse need a package: run `npm install write-excel-file`.',
  ],
])('%s', async (format, exception) => {
  const query = async () => ({ columns: [], rows: [], hasMore: false, limit: 100, offset: 0, bytes: 0, executed: '' })
  const bench = await openBench({ query })
  const context = { source: { kind: 'HogQLQuery', query: 'select 1' } }
  const made = await bench.ask('POST', 'exports/', { export_format: format, export_context: context })
  expect(made).toMatchObject({ status: 201, body: { has_content: false, exception } })
  await bench.close()
})
