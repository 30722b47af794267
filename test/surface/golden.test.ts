import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { toCatalogue, toQuestions } from '../../src/catalogue.ts'
import { operations, questions } from '../../tools/index.ts'

/** One file for each tool: what a client is told of it. `UPDATE_GOLDEN=1` rewrites them, on purpose only. */
const FOLDER = new URL('./golden/', import.meta.url)

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}

const definitions = [...toQuestions(questions, false).values(), ...toCatalogue(operations, false).values()].map(
  ({ definition }) => definition,
)
const textOf = (definition: unknown) => `${JSON.stringify(sorted(definition), null, 2)}\n`

if (process.env.UPDATE_GOLDEN === '1') {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  for (const definition of definitions) writeFileSync(new URL(`${definition.name}.json`, FOLDER), textOf(definition))
}

describe('the golden files', () => {
  test('are one for each tool, none missing, none left over', () => {
    const files = readdirSync(FOLDER).sort()
    expect(files).toHaveLength(58)
    expect(files).toEqual(definitions.map(({ name }) => `${name}.json`).sort())
  })

  test.each(definitions)('$name', (definition) => {
    expect(textOf(definition)).toBe(readFileSync(new URL(`${definition.name}.json`, FOLDER), 'utf8'))
  })
})
