import type { Catalogue, Tool } from './catalogue.ts'
import { type Limits, type OperatorLimits, reasonAgainst } from './limits.ts'
import type { AnswerKind } from './question.ts'

/** The tools of one caller: what is listed is what can be called. */
export interface Surface {
  readonly offered: Catalogue
  /** Why a known tool is not offered; undefined for one that is, or that nobody knows. */
  whyNot(name: string): string | undefined
  /** The same for the question that answers so. */
  whyNone(kind: AnswerKind): string | undefined
  /** The scopes of a tool that only the caller's credential keeps from being offered. */
  lacking(name: string): readonly string[] | undefined
}

/** What one caller's token allows, within what the operator does; `scopes` are those of their PostHog credential. */
export interface CallerLimits extends Limits {
  readonly scopes?: readonly string[] | undefined
}

/** Cuts the catalogue down to what the operator and the caller's token allow: what either takes away is gone. */
export const toSurface = (all: Catalogue, operator: OperatorLimits, caller: CallerLimits = {}): Surface => {
  const barred = new Map(
    [...all].map(([name, tool]) => [name, reasonAgainst(tool, operator) ?? ofToken(reasonAgainst(tool, caller))]),
  )
  const whyNot = (name: string): string | undefined => {
    const tool = all.get(name)
    return tool && (barred.get(name) ?? lacks(tool, caller))
  }
  return {
    offered: new Map([...all].filter(([name]) => whyNot(name) === undefined)),
    whyNot,
    whyNone: (kind) => {
      const tool = [...all.values()].find((each) => 'question' in each && each.question.answers === kind)
      return tool && whyNot(tool.record.name)
    },
    lacking: (name) => {
      const tool = all.get(name)
      return tool !== undefined && barred.get(name) === undefined && lacks(tool, caller) !== undefined
        ? tool.record.scopes
        : undefined
    },
  }
}

const ofToken = (flag: string | undefined): string | undefined =>
  flag && `${flag.replace('--', '').replace('-', '_')} of this token`

/** Write includes read of the same object, and `*` everything (fact sheet: cross-cutting 3.3). */
const lacks = ({ record }: Tool, { scopes }: CallerLimits): string | undefined => {
  if (scopes === undefined || scopes.includes('*')) return undefined
  const missing = record.scopes.find(
    (scope) => !scopes.includes(scope) && !scopes.includes(scope.replace(/:read$/, ':write')),
  )
  return missing && `the credential lacks the scope ${missing}`
}
