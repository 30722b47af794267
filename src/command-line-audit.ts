import { type Command, InvalidArgumentError } from 'commander'
import type { VerifyOptions } from './audit/verify.ts'

const toHash = (text: string): string => {
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw new InvalidArgumentError('It is a hash: 64 hexadecimal digits.')
}

/** The commands about the audit log. */
export const addAuditCommands = (program: Command, verify: (options: VerifyOptions) => void): void => {
  program
    .command('audit')
    .description('look at what --audit has written')
    .command('verify')
    .description('check that no line was edited, removed, inserted or moved; exit 0 when whole, 1 when not')
    .argument('<files...>', 'oldest first')
    .option(
      '--last <hash>',
      'a last hash that was kept elsewhere; without it, lines cut off the end are not noticed',
      toHash,
    )
    .option('--after <hash>', 'the last hash of an earlier file that is not kept any more', toHash)
    .action((files: string[], options: { last?: string; after?: string }) => verify({ files, ...options }))
}
