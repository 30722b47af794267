import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const found = PATHS.find((path) => existsSync(path))

/** Whether there is a browser. With REQUIRE_SERVICES=1 its absence fails instead. */
export const hasChromium = (): boolean => {
  if (found !== undefined) return true
  const text = 'Chromium is not installed here (apt-get install chromium)'
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(text)
  process.stderr.write(`skipped: ${text}\n`)
  return false
}

/** Starts the browser without a window; the caller closes it. */
export const startChromium = (): Promise<Browser> =>
  // Its sandbox does not work for root; what it opens here is only our own pages.
  chromium.launch({ executablePath: found ?? '', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
