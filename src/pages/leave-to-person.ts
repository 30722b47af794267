import type { CallContext, Means, Outcome, RunContext } from '../call.ts'
import { type CallMeans, prepareLook } from '../carry-out.ts'
import type { OperationTool, Tool } from '../catalogue.ts'
import { lossOf } from '../confirm/policy.ts'
import { parseInput } from '../input.ts'
import type { Json } from '../operation.ts'
import type { Asked } from './asks.ts'
import { enter, type MakeCall } from './enter.ts'

/** What calls of the one path are made with. */
interface Path {
  readonly means: Means
  make(tool: Tool, args: Json, context: RunContext): Promise<Outcome>
}

const NEVER = new AbortController().signal

/** Makes a call once a person has typed what it needs. @throws ToolError, GoFirst while they have not */
export const leaveToPerson = async (
  { means, make }: Path,
  tool: OperationTool,
  asked: Asked,
  context: CallMeans & CallContext,
): Promise<Outcome> => {
  const { browser, person, signal } = context
  const input = parseInput(tool.input, asked.args)
  const { call, target, read } = await prepareLook(means, tool, input, context)
  const needsApproval = lossOf(tool.operation, input, means.confirm.settings.writes) !== undefined
  const again: MakeCall = (args, seen, typed) =>
    // Whoever sent the page waits for it, whatever became of the call that opened it.
    make(tool, args, seen === 'kept' ? { signal, person, seen, typed } : { signal: NEVER, seen, typed })
  return enter({ desk: means.desk, asked, call, target, read, again, browser, signal, needsApproval })
}
