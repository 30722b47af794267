import type { Means } from '../call.ts'
import { type CallMeans, type CarriedOut, carryOut } from '../carry-out.ts'
import type { OperationTool } from '../catalogue.ts'
import { Refusals } from '../confirm/refusals.ts'
import type { Derivation } from '../derivation.ts'
import type { Json } from '../operation.ts'
import type { SchemaCache } from '../schema/schema-cache.ts'
import { KeysRefused } from '../status-error.ts'
import { ToolError } from '../tool-error.ts'
import { deriveActivity } from './activity.ts'
import { deriveBelow } from './below.ts'
import { deriveLastRun } from './last-run.ts'
import { deriveLineage } from './lineage-answer.ts'
import { Reader } from './reader.ts'
import { deriveRowTotals } from './row-totals.ts'
import { deriveRunCounts } from './run-counts.ts'

/** `carryOut` with the means it is made with. */
export type Carry = (tool: OperationTool, input: Json, context: CallMeans) => Promise<CarriedOut>

/**
 * Carries out calls; where PostHog keeps one from this credential, answers from what it may read, and goes there
 * straight the next time.
 */
export const createCarry = (means: Means, cache: Pick<SchemaCache, 'getWith'>): Carry => {
  // Reads that every PostHog keeps are asked for all the same: a newer one may not.
  const refusals = new Refusals([])
  const deriving = { means, cache, refusals }
  return async (tool, input, context) => {
    const { derive, name } = tool.operation
    if (derive === undefined) return carryOut(means, tool, input, context)
    if (!refusals.has(name)) {
      try {
        return await carryOut(means, tool, input, context)
      } catch (error) {
        if (!(error instanceof KeysRefused)) throw error
        refusals.add(name)
      }
    }
    const target = await means.projects.targetOf(input, context.signal)
    const reader = new Reader(deriving, { tool, project: target.project, context })
    const body = await answer(derive, input, reader, context)
    if (body === undefined) throw nothingRead(tool, reader)
    const { project_id, environment_id, ...own } = input
    const named = Object.fromEntries(
      Object.entries({ project_id, environment_id }).filter(([, id]) => id !== undefined),
    )
    const call = { input: own, named, target, status: 200, body }
    const derived = { from: reader.from, notKnown: reader.notKnown }
    return {
      answer: { kind: 'data', schema: tool.definition.outputSchema, call, derived },
      status: 200,
      posthogRequest: undefined,
    }
  }
}

const answer = (
  derive: Derivation,
  input: Json,
  reader: Reader,
  { redactor }: CallMeans,
): Promise<Json | undefined> => {
  switch (derive.kind) {
    case 'lineage':
      return deriveLineage(derive.asks, derive.reads, input, reader, redactor.text)
    case 'last run':
      return deriveLastRun(derive.reads, input, reader)
    case 'below':
      return deriveBelow(derive.reads, input, reader)
    case 'runs':
      if (derive.asks === 'counts') return deriveRunCounts(derive.reads, input, reader)
      if (derive.asks === 'rows') return deriveRowTotals(derive.reads, reader)
      return deriveActivity(derive.asks, derive.reads, input, reader)
  }
}

/** An answer from nothing would say that there is nothing. */
const nothingRead = ({ operation }: OperationTool, { notKnown }: Reader): ToolError =>
  new ToolError(
    `${operation.name}: PostHog keeps it from API keys, and nothing it could be computed from can be read. Missing: ${notKnown.join('; ')}`,
    { next: 'Make a key that may read these, or look into the PostHog app' },
  )
