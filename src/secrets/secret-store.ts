import { constants, lstatSync, readdirSync } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { ConfigError } from '../command-line.ts'
import { ToolError } from '../tool-error.ts'
import { type Binding, readBindings } from './binding.ts'
import { isSecretName } from './reference.ts'

/** One secret as it is now. */
export interface Secret {
  readonly value: string
  /** Where it may go; empty where the operator has not said. */
  readonly bindings: readonly Binding[]
}

/** The secrets an operator keeps for calls. */
export interface SecretStore {
  /** Those there were at the start. */
  readonly names: readonly string[]
  /** @throws ToolError when it cannot be had, which is the operator's to mend */
  read(name: string): Promise<Secret>
}

/** Secrets from the environment: the value, and what it is bound to. */
export type EnvironmentSecrets = ReadonlyMap<string, { readonly value: string; readonly goesTo: string | undefined }>

/** Where secrets are kept: the environment, and the files of a folder. */
export interface SecretPlaces {
  readonly fromEnvironment: EnvironmentSecrets
  readonly folder: string | undefined
}

/** A certificate and its key take a few thousand bytes. */
const LARGEST_SECRET = 64 * 1024
/** A shorter one could not be told from ordinary text where it comes back, so it would not be masked. */
const SHORTEST_SECRET = 6
const BINDING_FILE = '.for'

/** @throws ConfigError */
export const openSecretStore = ({ fromEnvironment, folder }: SecretPlaces): SecretStore => {
  const files = folder === undefined ? [] : namesIn(folder)
  const twice = files.find((name) => fromEnvironment.has(name))
  if (twice !== undefined)
    throw new ConfigError(`The secret ${twice} is defined twice: as MCP_SECRET_${twice} and in --secrets-dir`)
  for (const [name, { goesTo }] of fromEnvironment)
    bindingsOf(goesTo, (why) => new ConfigError(`MCP_SECRET_${name}_FOR: ${why}`))
  return {
    names: [...fromEnvironment.keys(), ...files].sort(),
    async read(name) {
      const known = fromEnvironment.get(name)
      if (known !== undefined)
        return { value: checked(name, known.value), bindings: bindingsOf(known.goesTo, (why) => unusable(name, why)) }
      if (folder === undefined || !files.includes(name)) throw unusable(name, 'is not defined')
      const value = await readSecretFile(folder, name)
      if (value === undefined) throw unusable(name, 'has no file any more')
      const goesTo = await readSecretFile(folder, `${name}${BINDING_FILE}`)
      return {
        value: checked(name, value),
        bindings: bindingsOf(goesTo, (why) => unusable(`${name}${BINDING_FILE}`, why)),
      }
    },
  }
}

/** Files of such names; links count, since orchestrators mount secrets as links into the same folder. */
const namesIn = (folder: string): readonly string[] => {
  if (!lstatSync(folder, { throwIfNoEntry: false }))
    throw new ConfigError(`--secrets-dir: there is no folder ${folder}`)
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory() && isSecretName(entry.name)).map(({ name }) => name)
  } catch {
    throw new ConfigError(`--secrets-dir: ${folder} cannot be read as a folder`)
  }
}

/** @param wrong what a text that cannot be read is told as */
const bindingsOf = (text: string | undefined, wrong: (why: string) => Error): readonly Binding[] => {
  if (text === undefined) return []
  try {
    return readBindings(text)
  } catch (error) {
    throw error instanceof RangeError ? wrong(error.message) : error
  }
}

const checked = (name: string, value: string): string => {
  if (value.length < SHORTEST_SECRET)
    throw unusable(name, `is shorter than ${SHORTEST_SECRET} characters and could not be masked where it comes back`)
  return value
}

/**
 * The text of a file in the folder; undefined where there is none. Everything is asked of the opened file, so that none
 * can be put in its place in between.
 */
const readSecretFile = async (folder: string, file: string): Promise<string | undefined> => {
  const root = await realpath(folder).catch(() => undefined)
  const real = await realpath(join(folder, file)).catch(() => undefined)
  if (root === undefined || real === undefined) return undefined
  const way = relative(root, real)
  // Not only two dots: orchestrators keep the files in a folder such as `..2026_01_01`.
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) throw unusable(file, 'is a link out of its folder')
  // Without waiting: a pipe there would hold the call for ever.
  const opened = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  )
  if (opened === undefined) throw unusable(file, 'cannot be opened')
  try {
    const { mode, size } = await opened
      .stat()
      .then((stat) => ({ mode: stat.isFile() ? stat.mode : -1, size: stat.size }))
    if (mode === -1) throw unusable(file, 'is no regular file')
    // A group may read it, as orchestrators have it; others may not, and nobody else may write it.
    if ((mode & 0o027) !== 0) throw unusable(file, 'can be read or changed by other users (chmod 600)')
    if (size > LARGEST_SECRET) throw unusable(file, `is larger than ${LARGEST_SECRET} bytes`)
    return toText(file, await opened.readFile())
  } finally {
    await opened.close()
  }
}

/** Editors and `echo` end a file with a line break that is no part of the secret. */
const toText = (file: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    throw unusable(file, 'is not UTF-8 text')
  }
}

const unusable = (name: string, why: string): ToolError =>
  new ToolError(`The secret ${name} ${why}`, { next: 'The operator of this server has to mend that' })
