import { waitFor } from '../request-scope.ts'
import { ToolError } from '../tool-error.ts'
import { type Browser, GoFirst, type Link, type Went } from './browser.ts'
import type { Opened } from './desk.ts'
import type { Ending, Page } from './page.ts'

/** How long a call waits for a page that is open: less than clients wait for a call. */
const WAIT_MS = 45_000

/** Who waits for a page, and how long. */
export interface Waiting {
  readonly browser: Browser | undefined
  readonly signal: AbortSignal
  readonly link: Link
  /** The page is not to be joined again. */
  forget(): void
}

/**
 * Sends a person to a page and waits for its end.
 * @throws ToolError when they did not go, or are not done yet; GoFirst when the client is to send them
 */
export const awaitPage = async ({ page, isDirect }: Opened, waiting: Waiting): Promise<Ending> => {
  const { browser, signal, link } = waiting
  const until = new Date(page.until).toISOString()
  const isUnseen = page.view.state === 'open' && !page.wasOpened
  // As long as nobody has it open, also again: the model may have lost the link. Never that of a page which counts as
  // approval: another client of the same caller may have opened it.
  if (browser === undefined && isUnseen && !isDirect) throw toGive(link, until)
  if (browser?.way === 'rounds') {
    if (browser.went === undefined && isUnseen) throw new GoFirst(link)
    if (browser.went !== undefined && browser.went !== 'accept') leave(page, browser.went, waiting)
  }
  // Given up: what nobody waits for must not be sent later.
  const giveUp = (): void => page.cancel()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    const isSent = browser?.way === 'push' && isUnseen
    const ended = await waitFor(() => (isSent ? pushed(browser, page, waiting) : within(page.ended)))
    if (ended === 'waiting') throw notYet(until, page.says)
    return ended
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** A client that holds its answer until it is told of the end shows the person something all the while. */
const pushed = async (
  browser: Extract<Browser, { way: 'push' }>,
  page: Page,
  waiting: Waiting,
): Promise<Ending | 'waiting'> => {
  const { ended } = page
  const { link } = waiting
  const stop = new AbortController()
  const went = browser.open(link, stop.signal)
  const first = await Promise.race([ended.then((end) => ({ end })), went.then((how) => ({ how }))])
  if ('end' in first) {
    browser.finished(link.id)
    return first.end
  }
  if (first.how !== 'accept') leave(page, first.how, waiting)
  const end = await within(ended)
  if (end !== 'waiting') browser.finished(link.id)
  return end
}

/** The person does not go there. What they have sent all the same goes on, and is waited for. */
const leave = (page: Page, how: Exclude<Went, 'accept'>, { forget }: Waiting): void => {
  page.cancel()
  if (page.view.state === 'sending' || page.view.state === 'sent') return
  forget()
  throw notGone(how)
}

const within = async (ended: Promise<Ending>): Promise<Ending | 'waiting'> => {
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise<'waiting'>((resolve) => {
    timer = setTimeout(() => resolve('waiting'), WAIT_MS)
  })
  return Promise.race([ended, waited]).finally(() => clearTimeout(timer))
}

const toGive = ({ url, message }: Link, until: string): ToolError =>
  new ToolError(`Not sent yet. ${message}\nThe page, for the person only: ${url} (until ${until})`, {
    next: 'Give the person this link; do not open it yourself. When they say that they are done, call again with the same arguments: the result is given then',
  })

const notGone = (how: 'decline' | 'cancel' | 'silence'): ToolError => {
  const why = { decline: 'declined to open', cancel: 'closed the question about', silence: 'did not open' }[how]
  return new ToolError(`Not sent: the person ${why} the page`, {
    next: how === 'decline' ? 'Do not ask again unless they want it' : 'Call again when they are there',
  })
}

const notYet = (until: string, says: string | undefined): ToolError =>
  new ToolError(
    `Not sent yet: the page is open until ${until} and the person is not done.${says === undefined ? '' : ` Their last try was refused: ${says}`}`,
    { next: 'When they say that they are done, call again with the same arguments: the result is given then' },
  )

/** What a call is told of a page that ended without a result. */
export const toNothing = (ending: Ending, says: string | undefined): ToolError => {
  if (ending === 'sent' || ending === 'unclear')
    return new ToolError('This server failed while it was sent (a fault of its own)', {
      changed: 'unknown',
      next: 'Look whether it was made before you call again',
    })
  const why = {
    cancelled: 'the person cancelled on the page',
    expired: 'the page expired before the person was done',
    tries: 'too many tries failed',
  }[ending]
  return new ToolError(`Not sent: ${why}.${says === undefined ? '' : ` The last try was refused: ${says}`}`, {
    next: ending === 'cancelled' ? 'Do not ask again unless they want it' : 'Call again for a new page if they want it',
  })
}
