import type { Means } from '../call.ts'
import type { CallMeans, CarriedOut } from '../carry-out.ts'
import type { OperationTool } from '../catalogue.ts'
import type { Json } from '../operation.ts'
import type { Answer } from '../result.ts'
import type { Confirmed } from './audit.ts'
import { toOutcome } from './outcome.ts'

/** The call that is made. */
export interface AuditedCall {
  readonly tool: OperationTool
  readonly input: Json
  readonly context: CallMeans
  readonly confirmed?: Confirmed | undefined
}

/**
 * Makes a write between the line that says it is attempted and the line that says how it ended; a read, and everything
 * where nothing is written down, is just made. Why it may not be sent is thrown by the work.
 * @throws ToolError when the attempt cannot be written down; the work is not begun then
 */
export const underAudit = async (
  { audit, origin, apiKey, projects }: Means,
  { tool, input, context, confirmed }: AuditedCall,
  work: () => Promise<CarriedOut>,
): Promise<CarriedOut> => {
  if (audit === undefined || tool.operation.effect === 'read') return work()
  // Without a key nobody can be asked for the project, and the work says so.
  const project = apiKey === undefined ? undefined : (await projects.targetOf(input, context.signal)).project
  const { redactor } = context
  const audited = await audit.begin({ tool, input, redactor, origin, project, confirmed })
  try {
    const done = await work()
    await audited.ended(
      { outcome: 'done', status: done.status, posthogRequest: done.posthogRequest },
      idOf(done.answer),
    )
    return done
  } catch (error) {
    await audited.ended(toOutcome(error))
    throw error
  }
}

/** The id of what the reply is about. */
const idOf = (answer: Answer): unknown => {
  const body = answer.kind === 'data' ? answer.call.body : undefined
  return typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined
}
