import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { ConfigError } from '../command-line.ts'
import type { Logger } from '../log.ts'
import { type AuditLog, createAudit } from './audit.ts'
import { AuditFile } from './audit-file.ts'
import { START, seal } from './chain.ts'
import { writeWhole } from './write-whole.ts'

/** What `--audit` takes for stderr. */
const STDERR = '-'

/**
 * Opens what `--audit` names.
 * @param allowDirs folders that tools write to, where a call could get in the way of the log
 * @throws ConfigError when nothing could be written there
 */
export const openAudit = async (name: string, allowDirs: readonly string[], log: Logger): Promise<AuditLog> => {
  const failed = (reason: string) => log.error({ reason }, 'audit not written')
  if (name === STDERR) return createAudit(toStderr(), failed)
  try {
    const folder = realpathSync(dirname(resolve(name)))
    const inside = allowDirs.find((allowed) => `${folder}${sep}`.startsWith(`${realpathSync(allowed)}${sep}`))
    if (inside !== undefined)
      throw new ConfigError(`--audit: ${name} lies in ${inside}, which --allow-dir opens to tools; keep it elsewhere`)
    const file = await AuditFile.open(join(folder, basename(name)))
    return createAudit(
      (fields) => file.append(fields),
      failed,
      () => file.release(),
    )
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`--audit: ${error instanceof Error ? error.message : 'it cannot be opened'}`)
  }
}

/** A chain for the life of the process: what became of the lines before, only whoever reads stderr knows. */
const toStderr = () => {
  let head = START
  return async (fields: Readonly<Record<string, unknown>>): Promise<number> => {
    const next = seal(head, fields)
    writeWhole(2, next.line)
    head = next.head
    return head.seq
  }
}
