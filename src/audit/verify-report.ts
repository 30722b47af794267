import { ConfigError } from '../command-line.ts'
import { codeOf } from './audit-error.ts'
import { BrokenChain, type VerifyOptions, verifyFiles } from './verify.ts'

/** What `audit verify` says, and the exit code that goes with it. */
export interface VerifyReport {
  readonly text: string
  readonly code: 0 | 1
}

/** Attempts that are told one by one. */
const MOST_TOLD = 20

/** Looks at a chain. @throws ConfigError for a file that cannot be read */
export const reportVerify = async (options: VerifyOptions): Promise<VerifyReport> => {
  try {
    const { lines, head, since, unfinished } = await verifyFiles(options)
    const told = unfinished.slice(0, MOST_TOLD).join(', ')
    const more = unfinished.length > MOST_TOLD ? ', …' : ''
    return {
      code: 0,
      text: [
        `${lines} lines, whole; the last is number ${head.seq}`,
        ...(options.last === undefined ? [] : [`${since} of them after the hash that was given`]),
        ...(unfinished.length === 0
          ? []
          : [`attempts without an outcome: ${unfinished.length} (number ${told}${more})`]),
        `last hash ${head.hash}`,
        '',
      ].join('\n'),
    }
  } catch (error) {
    if (error instanceof BrokenChain) return { code: 1, text: `broken: ${error.message}\n` }
    const code = codeOf(error)
    throw code === undefined ? error : new ConfigError(`audit verify: ${error instanceof Error ? error.message : code}`)
  }
}
