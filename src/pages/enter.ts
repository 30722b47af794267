import type { Ask } from '../carry-out.ts'
import type { FailedCall } from '../failure.ts'
import type { Json } from '../operation.ts'
import type { Target } from '../request.ts'
import { type ToolResult, withNote } from '../result.ts'
import { cut, toLine } from '../text/line.ts'
import { type Changed, ToolError } from '../tool-error.ts'
import type { Asked } from './asks.ts'
import { awaitPage, toNothing } from './await-page.ts'
import type { Browser } from './browser.ts'
import { buildForm } from './build-form.ts'
import { type Desk, keyOf, type Opened } from './desk.ts'
import type { PageText, Sent } from './page.ts'

/** How a call went that was made with what a person typed. */
export interface Attempt {
  readonly result: ToolResult
  /** Of one that failed. */
  readonly failed?: { readonly changed: Changed; readonly says: string }
}

/** Where a person typed what a call is made with: on a page that showed this call, or on one that showed an earlier one. */
export type Seen = 'page' | 'kept'

/** Makes the call with these arguments, on the one path. */
export type MakeCall = (args: Json, seen: Seen) => Promise<Attempt>

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
  readonly signal: AbortSignal
}

/**
 * Lets a person type what a call needs, and gives its result.
 * @throws ToolError while there is none, GoFirst when the client is to send them to the page
 */
export const enter = async (entering: Entering): Promise<ToolResult> => {
  const { desk, asked, call, target, browser, signal } = entering
  if (asked.kept !== undefined) return withKept(entering, asked.kept)
  const key = keyOf(call.operation.name, target.project, asked.args)
  const known = desk.find(key)
  const opened = known ?? (await open(entering, key))
  const { title } = opened.page.text
  const link = {
    message: `${title}: the person fills in a form in the browser; what they type does not go into the chat.`,
    url: opened.url,
    id: opened.page.id.slice(0, 16),
  }
  const ending = await awaitPage(opened, { browser, signal, isNew: known === undefined, link })
  desk.forget(key, opened)
  if (opened.result !== undefined) return opened.result
  // A page that was sent has a result.
  throw toNothing(ending === 'sent' ? 'expired' : ending, opened.page.says)
}

const open = async (entering: Entering, key: string): Promise<Opened> => {
  const { desk, asked, call, target, read, again } = entering
  const goes = call.operation.secretsGo
  if (goes === undefined) throw new Error(`${call.operation.name} takes no secrets`)
  await desk.pages.check()
  const { fields, type } = await buildForm(goes, { call, target, read, head: asked.head })
  const send = async (values: Json): Promise<Sent> => {
    const { result, failed } = await again({ ...asked.args, [asked.head]: values }, 'page')
    if (failed === undefined) {
      opened.result = withId(entering, { result, type, values })
      return { kind: 'done', says: '' }
    }
    const says = failed.says.replace(`${call.operation.name}: `, '')
    if (failed.changed === 'nothing') return { kind: 'again', says }
    opened.result = result
    return { kind: 'unclear', says }
  }
  const opened: Opened = await desk.pages.open(desk.caller, toText(entering, type), { kind: 'form', fields, send })
  // Two of the same call at once are one page.
  const other = desk.find(key)
  if (other !== undefined) {
    opened.page.cancel()
    return other
  }
  desk.add(key, opened)
  return opened
}

const LONGEST_FACT = 300

const toText = ({ asked, call, target, desk }: Entering, type: string): PageText => {
  const { operation, origin, input } = call
  const others = Object.entries(input).filter(([name]) => name !== asked.head && input[name] !== type)
  const say = (value: unknown): string => {
    const line = toLine(typeof value === 'string' ? value : JSON.stringify(value))
    return line.length > LONGEST_FACT ? `${cut(line, LONGEST_FACT)}… (${line.length} characters)` : line
  }
  return {
    title: `${operation.title}: ${cut(toLine(type), 60)}`,
    says: [
      'An assistant asks for this. What you fill in goes to PostHog over this server, and not into the chat.',
      ...(operation.effect === 'read'
        ? ['It is also kept in the memory of this server for 15 minutes, so that the assistant can go on with it.']
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

interface Typed {
  readonly result: ToolResult
  readonly type: string
  readonly values: Json
}

/** After a look, what was typed can be used for what it was a look at. */
const withId = ({ desk, asked, call }: Entering, { result, type, values }: Typed): ToolResult => {
  if (call.operation.effect !== 'read') return result
  const id = desk.keep({ type, values })
  return withNote(
    result,
    `A person typed ${asked.head}. To use the same again within 15 minutes: "${asked.head}": {"$ask": "${id}"}.`,
  )
}

const withKept = async ({ desk, asked, call, again }: Entering, id: string): Promise<ToolResult> => {
  const kept = desk.kept(id)
  const goes = call.operation.secretsGo
  if (kept === undefined)
    throw new ToolError('What was typed under that id is not kept any more', { next: 'Call again with {"$ask": true}' })
  const type = goes !== undefined && 'type' in goes && goes.stored === undefined ? call.input[goes.type] : undefined
  const given = call.input[asked.head]
  if (type !== kept.type || (typeof given === 'object' && given !== null && Object.keys(given).length > 0))
    throw new ToolError(`What was typed is for ${kept.type}, and is used as it is`, {
      kind: 'input',
      next: 'Call again for that type, with nothing beside $ask; or with {"$ask": true} for a new page',
    })
  return (await again({ ...asked.args, [asked.head]: kept.values }, 'kept')).result
}
