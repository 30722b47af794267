import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Tool, toCatalogue, toQuestions } from '../../src/catalogue.ts'
import { replaceSection, toCoverageTable, toDerivedTable, toReadsTable, toToolTable } from '../../src/docs.ts'
import { operations, questions } from '../../tools/index.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const catalogue = toCatalogue(operations, false)

describe('documents taken from the records', () => {
  it('the README has the tool table as generated, with 58 rows', () => {
    const readme = read('README.md')
    expect(
      replaceSection(
        readme,
        'tools',
        toToolTable(new Map<string, Tool>([...toQuestions(questions, false), ...catalogue])),
      ),
    ).toBe(readme)
    expect(readme.match(/^\| `(schema|query|warehouse|external|data|exports|file)_/gm)).toHaveLength(58)
  })

  it('docs/coverage.md has all 76 rows as generated', () => {
    const coverage = read('docs/coverage.md')
    expect(replaceSection(coverage, 'coverage', toCoverageTable(catalogue))).toBe(coverage)
    expect(coverage.match(/^\| \d+ \| `/gm)).toHaveLength(76)
    expect(coverage).toContain('76 endpoint rows, 54 tools.')
  })

  it('docs/derived.md has every field of every derived answer as generated', () => {
    const derived = read('docs/derived.md')
    const fields = replaceSection(derived, 'derived', toDerivedTable(operations))
    expect(replaceSection(fields, 'reads', toReadsTable(operations))).toBe(derived)
    const of = (tool: string) => derived.match(new RegExp(`^\\| \`${tool}\``, 'gm')) ?? []
    const kept = operations.filter(({ derive }) => derive !== undefined)
    expect(kept).toHaveLength(9)
    for (const { name } of kept) expect(of(name).length, name).toBeGreaterThan(0)
    expect(derived.match(/^\| `GET \/api/gm)).toHaveLength(10)
  })

  it('the README names only commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...read('README.md').matchAll(/npm run (\w+)/g)].map(([, name = '']) => name)
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })
})
