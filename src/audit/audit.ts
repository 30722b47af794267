import type { CallMeans } from '../carry-out.ts'
import type { OperationTool } from '../catalogue.ts'
import type { Json, Operation } from '../operation.ts'
import { currentScope } from '../request-scope.ts'
import { ToolError } from '../tool-error.ts'
import { AuditError, codeOf } from './audit-error.ts'
import { cutText, maskArguments } from './mask-arguments.ts'
import type { Outcome } from './outcome.ts'

/** How a person agreed, or did not: in a form, on a page, with the token of a preview, or because nobody was asked. */
export interface Confirmed {
  readonly how: 'form' | 'page' | 'preview' | 'none'
  /** What was answered, or why nobody was asked; masked and cut before it is kept. */
  readonly answer?: string
  /** When, as UTC in ISO 8601. */
  readonly at: string
}

/** A write that is about to be made. */
export interface Attempt {
  readonly tool: OperationTool
  /** Checked inputs. */
  readonly input: Json
  readonly redactor: CallMeans['redactor']
  /** Scheme, host and port of PostHog. */
  readonly origin: string
  readonly project: number | undefined
  readonly confirmed?: Confirmed | undefined
}

/** A write that is under way. */
export interface Audited {
  /** Writes down how it ended. Never throws: what was done is done. @param created the id of what it made */
  ended(outcome: Outcome, created?: unknown): Promise<void>
}

/** Where the writes of one caller are written down. */
export interface Audit {
  /** @throws ToolError when it cannot be written down: then nothing may be sent */
  begin(attempt: Attempt): Promise<Audited>
}

/** Where all writes of a process are written down. */
export interface AuditLog {
  /** @param who what the caller may be called: never a secret */
  as(who: string): Audit
  /** The file was moved away: the next line opens what is at its path. */
  reopen(): void
  /** Waits, but not for long, until each write that is under way has its end written down. */
  close(): Promise<void>
}

/** Where lines go, which gives each its number. */
export type Append = (fields: Json) => Promise<number>

/** No id of an object is longer. */
const LONGEST_ID = 200
const LONGEST_ANSWER = 200
const CLOSE_MS = 1_000

/** Why a line could not be written, for the operator's log. */
type Failed = (reason: string) => void

/** @param failed told of each line that could not be written */
export const createAudit = (append: Append, failed: Failed, reopen: () => void = () => undefined): AuditLog => {
  const open = new Set<Promise<void>>()
  const as = (who: string): Audit => ({
    begin: async (attempt) => {
      const seq = await record(failed, () => append({ ...stamp('attempt'), ...toAttempt(who, attempt) }))
      if (typeof seq !== 'number') throw notWritten(attempt.tool.record.name, seq.reason)
      let over = (): void => undefined
      const ending = new Promise<void>((resolve) => {
        over = resolve
      })
      open.add(ending)
      return {
        ended: async (outcome, created) => {
          await record(failed, () =>
            append({ ...stamp('outcome'), of: seq, ...toEnding(who, attempt, outcome, created) }),
          )
          open.delete(ending)
          over()
        },
      }
    },
  })
  const close = async (): Promise<void> => {
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref())
    await Promise.race([Promise.all(open), late])
  }
  return { as, reopen, close }
}

/** The number of the line, or why there is none. */
const record = async (failed: Failed, write: () => Promise<number>): Promise<number | { readonly reason: string }> => {
  try {
    return await write()
  } catch (error) {
    // The words of anything else may hold what was to be written.
    const reason = error instanceof AuditError ? error.message : (codeOf(error) ?? 'fault')
    failed(reason)
    return { reason: error instanceof AuditError ? 'see its log' : reason }
  }
}

const notWritten = (tool: string, reason: string): ToolError =>
  new ToolError(
    `${tool}: not sent. Every change is written down first, and the audit log cannot be written (${reason})`,
    { next: 'Only the operator of this server can mend that (its --audit); what only reads goes on' },
  )

const stamp = (event: 'attempt' | 'outcome') => ({ at: new Date().toISOString(), event })

const toRequest = () => {
  const scope = currentScope()
  return scope === undefined ? {} : { request: scope.request }
}

const toAttempt = (who: string, { tool, input, redactor, origin, project, confirmed }: Attempt): Json => {
  const { operation } = tool
  const { name, destructiveWhen, effect } = operation
  const worst = destructiveWhen === undefined ? effect : destructiveWhen.is(input) ? 'destructive' : 'write'
  return {
    who,
    tool: name,
    effect: worst,
    host: origin,
    project,
    object: toObject(operation, input, redactor),
    arguments: maskArguments(input, operation, redactor),
    confirmation: confirmed && {
      ...confirmed,
      ...(confirmed.answer === undefined
        ? {}
        : { answer: cutText(redactor.sentence(confirmed.answer), LONGEST_ANSWER) }),
    },
    ...toRequest(),
  }
}

const toEnding = (who: string, { tool, redactor }: Attempt, outcome: Outcome, created: unknown): Json => {
  const { outcome: ending, status, kind, residue, posthogRequest } = outcome
  return {
    who,
    tool: tool.record.name,
    outcome: ending,
    status,
    kind,
    residue,
    object: toId(created, redactor),
    posthog_request: toId(posthogRequest, redactor),
    ...toRequest(),
  }
}

/** What the path of the request names. */
const toObject = ({ path }: Operation, input: Json, redactor: Attempt['redactor']): string | undefined => {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  return names.length === 0 ? undefined : toId(names.map((name) => String(input[name])).join('/'), redactor)
}

const toId = (id: unknown, redactor: Attempt['redactor']): string | undefined =>
  typeof id === 'string' || typeof id === 'number' ? cutText(redactor.sentence(String(id)), LONGEST_ID) : undefined
