import { carryOut, StatusError } from './carry-out.ts'
import type { Tool } from './catalogue.ts'
import type { AllowedFiles } from './files.ts'
import type { HttpClient } from './http/client.ts'
import { parseInput } from './input.ts'
import type { Json } from './operation.ts'
import type { Projects } from './project.ts'
import { createRedactor, secretsIn } from './redact.ts'
import { type ToolResult, toErrorResult, toResult } from './result.ts'

/** What calls are made with; one for the life of the process. */
export interface Means {
  readonly http: HttpClient
  readonly projects: Projects
  readonly files: AllowedFiles
  /** The configured PostHog, for advice in errors. */
  readonly origin: string
  /** The server's own key, masked wherever it might come back; absent when none is configured. */
  readonly apiKey: string | undefined
}

/** What a log may know of a call: never its arguments, never its reply. */
export interface CallReport {
  readonly tool: string
  readonly outcome: 'ok' | 'error'
  /** HTTP status of the last reply, if one came. */
  readonly status?: number
  readonly milliseconds: number
}

/** One call of one tool, from its raw arguments to what the client is sent. Never throws. */
export type Call = (tool: Tool, args: Json, signal: AbortSignal) => Promise<ToolResult>

/** The only path to the API. @param report called once for every call */
export const createCall =
  (means: Means, report: (call: CallReport) => void): Call =>
  async (tool, args, signal) => {
    const started = performance.now()
    const { result, status } = await run(means, tool, args, signal)
    report({
      tool: tool.operation.name,
      outcome: result.isError === true ? 'error' : 'ok',
      ...(status === undefined ? {} : { status }),
      milliseconds: Math.round(performance.now() - started),
    })
    return result
  }

interface Outcome {
  readonly result: ToolResult
  readonly status?: number | undefined
}

/** The one exit: whatever comes out of a call, result or error, is masked here. */
const run = async (means: Means, tool: Tool, args: Json, signal: AbortSignal): Promise<Outcome> => {
  const { operation } = tool
  const secrets = [means.apiKey ?? '', ...secretsIn(args, operation.secrets ?? [])]
  let redactor = createRedactor(secrets)
  try {
    const input = parseInput(tool.input, args)
    // Once more: a payload written as text shows its parts only after parsing.
    redactor = createRedactor([...secrets, ...secretsIn(input, operation.secrets ?? [])])
    const { answer, status } = await carryOut(means, tool, input, { signal, redactor })
    return { result: await toResult(answer, redactor, operation), status }
  } catch (error) {
    const status = error instanceof StatusError ? error.status : undefined
    return { result: toErrorResult(error, redactor), status }
  }
}
