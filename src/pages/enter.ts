import type { Asked as Question } from '../call.ts'
import type { Ask } from '../carry-out.ts'
import type { FailedCall } from '../failure.ts'
import type { Json, SecretTarget } from '../operation.ts'
import type { Target } from '../request.ts'
import { type ToolResult, withNote } from '../result.ts'
import { cut, toLine } from '../text/line.ts'
import { type Changed, ToolError } from '../tool-error.ts'
import type { Asked } from './asks.ts'
import { awaitPage, toNothing } from './await-page.ts'
import type { Browser } from './browser.ts'
import { buildForm } from './build-form.ts'
import { type Desk, type Kept, keyOf, type Opened } from './desk.ts'
import type { PageText, Sent } from './page.ts'

/** How a call went that was made with what a person typed. */
export interface Attempt {
  readonly result: ToolResult
  /** Instead of a result: a person is asked first. */
  readonly asked?: Question
  /** Of one that failed. */
  readonly failed?: { readonly changed: Changed; readonly says: string } | undefined
}

/**
 * Where what a call is made with was typed:
 * - `page`: on a page that showed this call, to which the client sent the person; that is an approval.
 * - `link`: on such a page, whose link a model was given to hand on; it could have filled it in itself.
 * - `kept`: on a page that showed an earlier call.
 */
export type Seen = 'page' | 'link' | 'kept'

/** Makes the call with these arguments, on the one path. */
export type MakeCall = (args: Json, seen: Seen, secrets: readonly string[]) => Promise<Attempt>

/** A call whose secrets a person types. */
export interface Entering {
  readonly desk: Desk
  readonly asked: Asked
  /** The call with its checked inputs, as far as it looks only. */
  readonly call: FailedCall
  readonly target: Target
  readonly read: Ask
  readonly again: MakeCall
  readonly browser: Browser | undefined
  /** Whether the call needs a person's approval. */
  readonly needsApproval: boolean
  readonly signal: AbortSignal
}

/**
 * Lets a person type what a call needs, and gives its result.
 * @throws ToolError while there is none, GoFirst when the client is to send them to the page
 */
export const enter = async (entering: Entering): Promise<Attempt> => {
  const { desk, asked, call, target, browser, signal } = entering
  if (asked.kept !== undefined) return withKept(entering, asked.kept)
  const key = keyOf(call.operation.name, target.project, asked.args)
  const known = desk.find(key)
  const opened = known ?? (await open(entering, key))
  const { title } = opened.page.text
  const link = {
    message: `${title}: the person fills in a form in the browser; the secrets they type do not go into the chat.`,
    url: opened.url,
    id: opened.page.id.slice(0, 16),
  }
  const forget = (): void => {
    // Who has left has not been told.
    if (!signal.aborted) desk.forget(key, opened)
  }
  const ending = await awaitPage(opened, { browser, signal, link, forget })
  forget()
  if (opened.result !== undefined) return { result: opened.result }
  throw toNothing(ending, opened.page.says)
}

const open = async (entering: Entering, key: string): Promise<Opened> => {
  const { desk, asked, call, target, read, again } = entering
  const goes = call.operation.secretsGo
  if (goes === undefined) throw new Error(`${call.operation.name} takes no secrets`)
  if (entering.needsApproval && entering.browser === undefined) throw noApproval(call)
  await desk.pages.check()
  const { fields, type } = await buildForm(goes, { call, target, read, head: asked.head })
  const isDirect = entering.browser !== undefined
  const send = async (values: Json, secrets: readonly string[]): Promise<Sent> => {
    const args = { ...asked.args, [asked.head]: values }
    const { result, failed } = await again(args, isDirect ? 'page' : 'link', secrets)
    if (failed === undefined) {
      opened.result = withId(entering, result, { type, project: target.project, values, secrets })
      return { kind: 'done', says: '' }
    }
    const says = failed.says.replace(`${call.operation.name}: `, '')
    if (failed.changed === 'nothing') return { kind: 'again', says }
    opened.result = result
    return { kind: 'unclear', says }
  }
  const made = await desk.pages.open(desk.caller, toText(entering, goes, type), { kind: 'form', fields, send })
  const opened: Opened = { ...made, isDirect }
  // Two of the same call at once are one page.
  const other = desk.find(key)
  if (other !== undefined) {
    opened.page.cancel()
    return other
  }
  desk.add(key, opened)
  return opened
}

/** A person who has to see everything is shown nearly everything. */
const LONGEST_FACT = 4_000

const toText = ({ asked, call, target, desk }: Entering, goes: SecretTarget, type: string): PageText => {
  const { operation, origin, input } = call
  const others = Object.entries(input).filter(
    ([name]) => name !== asked.head && !('type' in goes && goes.type === name),
  )
  const say = (value: unknown): string => {
    const line = toLine(typeof value === 'string' ? value : JSON.stringify(value))
    return line.length > LONGEST_FACT ? `${cut(line, LONGEST_FACT)}… (${line.length} characters)` : line
  }
  return {
    title: `${operation.title}: ${cut(toLine(type), 60)}`,
    says: [
      'An assistant asks for this. What you fill in goes to PostHog over this server; secrets do not go into the chat.',
      ...(operation.effect === 'read'
        ? [
            'It is also kept in the memory of this server for 15 minutes, so that the assistant can connect such a source in this project with it, without asking you again.',
          ]
        : []),
    ],
    facts: {
      'Goes to': origin,
      Project: String(target.project),
      'Asked by': desk.name,
      ...Object.fromEntries(others.map(([name, value]) => [name, say(value)])),
    },
    button: operation.title,
  }
}

/** After a look, what was typed can be used for what it was a look at. */
const withId = ({ desk, asked, call }: Entering, result: ToolResult, typed: Kept): ToolResult => {
  if (call.operation.effect !== 'read') return result
  const id = desk.keep(typed)
  return withNote(
    result,
    `A person typed ${asked.head}. To use the same again within 15 minutes: "${asked.head}": {"$ask": "${id}"}.`,
  )
}

const withKept = async ({ desk, asked, call, target, again }: Entering, id: string): Promise<Attempt> => {
  const kept = desk.kept(id)
  const goes = call.operation.secretsGo
  if (kept === undefined)
    throw new ToolError('What was typed under that id is not kept any more', { next: 'Call again with {"$ask": true}' })
  const type = goes !== undefined && 'type' in goes && goes.stored === undefined ? call.input[goes.type] : undefined
  const given = call.input[asked.head]
  const isMore = typeof given === 'object' && given !== null && Object.keys(given).length > 0
  if (type !== kept.type || target.project !== kept.project || isMore)
    throw new ToolError(`What was typed is for ${kept.type} in project ${kept.project}, and is used as it is`, {
      kind: 'input',
      next: 'Call again for that type and project, with nothing beside $ask; or with {"$ask": true} for a new page',
    })
  return again({ ...asked.args, [asked.head]: kept.values }, 'kept', kept.secrets)
}

const noApproval = ({ operation }: FailedCall): ToolError =>
  new ToolError(`${operation.name}: a person has to approve this, and this client cannot send them to the page`, {
    next: 'Use a client that opens links (URL elicitation), a secret reference, or the PostHog app',
  })
