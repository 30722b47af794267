/** Writes what the documentation takes from the catalogue: the README's tool table, docs/coverage.md and docs/derived.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { type Tool, toCatalogue, toQuestions } from '../src/catalogue.ts'
import { countRows, replaceSection, toCoverageTable, toDerivedTable, toReadsTable, toToolTable } from '../src/docs.ts'
import { operations, questions } from '../tools/index.ts'

// Compiled, this file is dist/docs/generate.js.
const root = new URL('../../', import.meta.url)
const catalogue = toCatalogue(operations, false)

const rewrite = (path: string, change: (text: string) => string): void => {
  const file = new URL(path, root)
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}

rewrite('README.md', (text) =>
  replaceSection(text, 'tools', toToolTable(new Map<string, Tool>([...toQuestions(questions, false), ...catalogue]))),
)
rewrite('docs/coverage.md', (text) =>
  replaceSection(
    replaceSection(text, 'count', `${countRows(catalogue)} endpoint rows, ${catalogue.size} tools.`),
    'coverage',
    toCoverageTable(catalogue),
  ),
)
rewrite('docs/derived.md', (text) =>
  replaceSection(replaceSection(text, 'derived', toDerivedTable(operations)), 'reads', toReadsTable(operations)),
)
