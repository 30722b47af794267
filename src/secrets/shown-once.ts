import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, realpath, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json, Operation } from '../operation.ts'
import type { Desk } from '../pages/desk.ts'
import { createRedactor } from '../redact.ts'
import { ToolError } from '../tool-error.ts'

/** Where what PostHog shows only once goes: nowhere, as long as the operator has not said. */
export type Handover =
  | { readonly to: 'nowhere' }
  | { readonly to: 'folder'; readonly folder: string }
  | { readonly to: 'page' }
  | { readonly to: 'result' }

/** The hand-over of one call, ready before the call is made. */
export interface Delivery {
  /**
   * What the result may say: with the values, or with the place where they are.
   * @throws ToolError when they could not be handed over
   */
  deliver(reply: Json): Promise<Json>
  /** Leaves nothing behind of a call that had no such reply. */
  discard(): Promise<void>
}

/**
 * Gets ready for the reply of such an operation; undefined for every other one.
 * @throws ToolError when there is no way to hand it over: nothing is sent then, for the value would be lost
 */
export const prepareDelivery = async (
  handover: Handover,
  { name, title, reveals, ifLost = '' }: Pick<Operation, 'name' | 'title' | 'reveals' | 'ifLost'>,
  desk: Desk,
): Promise<Delivery | undefined> => {
  if (reveals === undefined) return undefined
  switch (handover.to) {
    case 'result':
      return { deliver: async (reply) => ({ ...reply, sensitive: shownHere(reveals) }), discard: async () => undefined }
    case 'folder':
      return toFile(await reserve(handover.folder, name), { name, reveals, ifLost })
    case 'page':
      return toPage({ name, title, reveals, ifLost }, desk)
    case 'nowhere':
      throw new ToolError(
        `${name}: not sent. PostHog shows ${reveals.join(', ')} only once, and the operator has not said where it may go`,
        {
          next: 'The operator starts the server with --passwords-dir FOLDER (written to a file there that only its user can read; you get the place), with --passwords-page (shown once in the browser of the person; you get the link), or with --reveal-passwords (in the result, and so in the chat)',
        },
      )
  }
}

const shownHere = (reveals: readonly string[]): string =>
  `${reveals.join(', ')}: shown only here. Hand it over, do not store it in the chat.`

interface Reserved {
  readonly path: string
  readonly file: FileHandle
  readonly inode: number
}

/** Made before the call, so that a folder that cannot be written costs no password. */
const reserve = async (folder: string, name: string): Promise<Reserved> => {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '-')
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  try {
    const path = join(await realpath(folder), `${name}-${stamp}-${randomBytes(8).toString('hex')}.json`)
    const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    return { path, file, inode: (await file.stat()).ino }
  } catch (error) {
    throw new ToolError(`${name}: not sent. The folder for passwords cannot be written (${codeOf(error)})`, {
      next: 'The operator has to mend --passwords-dir first: the password would have been lost',
    })
  }
}

/** What is shown once, and how to get another one. */
interface Shown {
  readonly name: string
  readonly reveals: readonly string[]
  readonly ifLost: string
}

const toFile = ({ path, file, inode }: Reserved, { name, reveals, ifLost }: Shown): Delivery => {
  const discard = async (): Promise<void> => {
    await file.close().catch(() => undefined)
    await unlink(path).catch(() => undefined)
  }
  return {
    discard,
    async deliver(reply) {
      const found = revealed(reply, reveals)
      if (found.length === 0) {
        await discard()
        return reply
      }
      try {
        await file.writeFile(`${JSON.stringify(reply, null, 2)}\n`)
        await file.sync()
        await file.close()
        // A folder that was cleaned up meanwhile took the file with it.
        if ((await lstat(path)).ino !== inode) throw new Error('replaced')
      } catch (error) {
        await discard()
        throw new ToolError(
          `${name}: PostHog carried it out, but ${reveals.join(', ')} could not be written to its file (${codeOf(error)}) and is not delivered`,
          { changed: 'done', next: `${ifLost}, once the operator has mended --passwords-dir` },
        )
      }
      return {
        ...masked(reply, found),
        saved_to: path,
        sensitive: `${reveals.join(', ')}: in the file saved_to on the server's machine, for its user only. Tell the person where it is.`,
      }
    },
  }
}

/** The page is there before the call is made, so that there is room for what it shows. */
const toPage = async (
  { title, reveals, ifLost }: Shown & { readonly title: string },
  desk: Desk,
): Promise<Delivery> => {
  const text = {
    title,
    says: ['PostHog shows this only once.'],
    facts: { 'Asked by': desk.name },
    button: 'Show it, once',
  }
  let values: Readonly<Record<string, string>> | undefined
  const { page, url } = await desk.pages.open(desk.caller, text, { kind: 'shown', values: () => values })
  const deliver = async (reply: Json): Promise<Json> => {
    const found = revealed(reply, reveals)
    if (found.length === 0) {
      page.cancel()
      return reply
    }
    values = Object.fromEntries(found)
    return {
      ...masked(reply, found),
      shown_at: url,
      sensitive: `${reveals.join(', ')}: on the page shown_at, once, until ${new Date(page.until).toISOString()}. Give the person the link; do not open it yourself. If nobody opens it in time: ${ifLost}.`,
    }
  }
  return { deliver, discard: async () => page.cancel() }
}

/** Masked also where the reply repeats it in another field. */
const masked = (reply: Json, found: readonly (readonly [string, string])[]): Json =>
  // Masking keeps an object an object.
  createRedactor(found.map(([, value]) => value)).value(reply) as Json

/** However deep, and of whatever type a later PostHog makes it. */
const revealed = (value: unknown, reveals: readonly string[]): readonly (readonly [string, string])[] => {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, item]) =>
    reveals.includes(name) && (typeof item === 'string' || typeof item === 'number') && item !== ''
      ? [[name, String(item)] as const]
      : revealed(item, reveals),
  )
}

const codeOf = (error: unknown): string =>
  // Node's errors of files have one.
  error instanceof Error && 'code' in error ? String(error.code) : 'error'
