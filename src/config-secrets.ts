import { realpathSync, statSync } from 'node:fs'
import { relative } from 'node:path'
import { ConfigError, type Mode } from './command-line.ts'
import type { SecretFlags } from './command-line-secrets.ts'
import type { LiteralSecrets } from './secrets/caller-secrets.ts'
import { isSecretName } from './secrets/reference.ts'
import type { EnvironmentSecrets, SecretPlaces } from './secrets/secret-store.ts'
import type { Handover } from './secrets/shown-once.ts'

/** How the process deals with secrets that are not its own. */
export interface SecretSettings extends SecretPlaces {
  readonly literals: LiteralSecrets
  readonly handover: Handover
}

type Env = Readonly<Record<string, string | undefined>>

const PREFIX = 'MCP_SECRET_'
const BOUND = '_FOR'

/** @throws ConfigError, which never repeats a value */
export const toSecretSettings = (
  flags: SecretFlags & { readonly allowDir?: string[] },
  env: Env,
  mode: Mode,
): SecretSettings => {
  if ([flags.passwordsDir, flags.passwordsPage, flags.revealPasswords].filter(Boolean).length > 1)
    throw new ConfigError('--passwords-dir, --passwords-page and --reveal-passwords: choose one of them')
  const folder = toFolder('--secrets-dir', flags.secretsDir, flags.allowDir)
  const passwords = toFolder('--passwords-dir', flags.passwordsDir, flags.allowDir)
  return {
    fromEnvironment: toSecrets(env),
    folder,
    literals: flags.literalSecrets ?? (mode === 'http' ? 'refuse' : 'allow'),
    handover: toHandover(flags, passwords),
  }
}

const toHandover = ({ revealPasswords, passwordsPage }: SecretFlags, folder: string | undefined): Handover => {
  if (revealPasswords) return { to: 'result' }
  if (passwordsPage) return { to: 'page' }
  return folder === undefined ? { to: 'nowhere' } : { to: 'folder', folder }
}

const toSecrets = (env: Env): EnvironmentSecrets => {
  const set = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith(PREFIX) && value !== undefined && value !== '' ? [[name.slice(PREFIX.length), value] as const] : [],
  )
  const values = new Map(set.filter(([name]) => !name.endsWith(BOUND)))
  const bindings = new Map(
    set.filter(([name]) => name.endsWith(BOUND)).map(([name, text]) => [name.slice(0, -4), text]),
  )
  const wrong = [...values.keys()].find((name) => !isSecretName(name))
  if (wrong !== undefined)
    throw new ConfigError(
      `${PREFIX}${wrong}: a name is letters, digits and _, beginning with a letter, such as ${PREFIX}DB`,
    )
  const loose = [...bindings.keys()].find((name) => !values.has(name))
  if (loose !== undefined)
    throw new ConfigError(
      `${PREFIX}${loose}${BOUND} says where ${PREFIX}${loose} may go, and that is not set (a name cannot end in ${BOUND}; a file of --secrets-dir has ${loose}.for beside it)`,
    )
  return new Map([...values].map(([name, value]) => [name, { value, goesTo: bindings.get(name) }]))
}

/** What calls may read or write by path must not hold secrets: an upload would put them into a table. */
const toFolder = (flag: string, folder: string | undefined, allowed: readonly string[] = []): string | undefined => {
  if (folder === undefined) return undefined
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new ConfigError(`${flag}: ${folder} is not a folder; make it, for the user of this server only (chmod 700)`)
  const real = realpathSync(folder)
  const open = allowed.find((other) => {
    const root = realpathSync(other)
    return isWithin(root, real) || isWithin(real, root)
  })
  if (open !== undefined)
    throw new ConfigError(
      `${flag}: ${folder} overlaps --allow-dir ${open}, whose files any call may upload; take another`,
    )
  return real
}

const isWithin = (root: string, path: string): boolean => {
  const way = relative(root, path)
  return way !== '..' && !way.startsWith('../') && !way.startsWith('..\\')
}
