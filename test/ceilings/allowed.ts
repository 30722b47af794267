import { expect } from 'vitest'
import { facts } from '../catalogue/facts.ts'
import type { Connection } from '../fake/mcp.ts'

/** What a ceiling lets through, from the least. */
export const TIERS = ['read', 'write', 'destructive'] as const
export type Tier = (typeof TIERS)[number]

const QUESTIONS = ['schema_list', 'schema_describe', 'query_run', 'query_cancel']

/** Every tool with the worst it can do, as the fact sheets have it: a read with a scope to write counts as a write. */
export const worst: readonly (readonly [string, Tier])[] = [
  ...QUESTIONS.map((name) => [name, 'read'] as const),
  ...facts.map(({ tool, effect, scopes }) => {
    const writes = scopes.some((scope) => scope.endsWith(':write'))
    return [tool, effect === 'read' && writes ? 'write' : effect] as const
  }),
]

/** The names of all tools. */
export const every = worst.map(([name]) => name)

/** The tools that a ceiling leaves, which may be another for each tool. */
export const allowedBy = (ceiling: (name: string) => Tier): readonly string[] =>
  worst.filter(([name, tier]) => TIERS.indexOf(tier) <= TIERS.indexOf(ceiling(name))).map(([name]) => name)

/**
 * Lists, and calls every tool there is with an input that none has: what is offered looks at it, what is not says why.
 * @returns how many calls were let in and how many were not
 */
export const holds = async (mcp: Connection, allowed: readonly string[], reason: RegExp) => {
  expect((await mcp.list()).map(({ name }) => name)).toEqual(allowed)
  const counted = { offered: 0, refused: 0 }
  const look = async (name: string) => {
    const told = await mcp.call(name, { no_such_input: 1 }).then(
      ({ isError, content }) => `${isError === true ? 'refused its input' : 'done'}: ${content[0]?.text}`,
      (error: Error) => error.message,
    )
    if (allowed.includes(name)) {
      expect(told, name).toMatch(/^refused its input: .*no_such_input is not an input/)
      counted.offered += 1
    } else {
      expect(told, name).toMatch(new RegExp(`The tool ${name} is not offered here \\((${reason.source})\\)`))
      counted.refused += 1
    }
  }
  await Promise.all(every.map(look))
  return counted
}
