import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { functionNames } from '../../src/local/engine/hogql/functions.ts'
import { castTypes } from '../../src/local/engine/hogql/types.ts'
import { type Bench, failureOf, openBench } from './engine-setup.ts'

const page = await readFile('docs/local-warehouse.md', 'utf8')

/** The code-quoted words of the paragraph after a bold heading. */
function listed(heading: string): string[] {
  const paragraph = page.split(`\n**${heading}**`)[1]?.split('\n\n')[1] ?? ''
  return [...paragraph.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '').sort()
}

describe('docs/local-warehouse.md', () => {
  it.each([
    ['Aggregate functions', 'aggregate'],
    ['Window functions', 'window'],
    ['Functions', 'scalar'],
  ] as const)('lists under %s what the code allows', (heading, group) => {
    expect(listed(heading).length).toBeGreaterThan(5)
    expect(listed(heading)).toEqual([...functionNames(group)])
  })

  it('lists the types of casts', () => {
    expect(listed('Casts')).toEqual([...castTypes].sort())
  })
})

describe('the functions', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await openBench()
  })
  afterAll(() => bench.close())

  it.each(['aggregate', 'window', 'scalar'] as const)('all exist in the engine: %s', async (group) => {
    const unknown: string[] = []
    for (const name of functionNames(group)) {
      const error = await failureOf(
        bench.engine.query(1, `select ${name}(1)${group === 'window' ? ' over ()' : ''}`),
      ).catch(() => undefined)
      if (error?.code === 'unknown_function' || error?.code === 'unknown_aggregate_function') unknown.push(name)
    }
    expect(unknown).toEqual([])
  })
})
