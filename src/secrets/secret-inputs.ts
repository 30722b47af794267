import type { Json } from '../operation.ts'
import { createRedactor, isSecretField } from '../redact.ts'
import { readReference } from './reference.ts'

/** One input of a call that is declared a secret. */
export interface SecretInput {
  /** As a person would say it: `payload.ssh_tunnel.auth.password`. */
  readonly path: string
  /** A value, or a reference to one. */
  readonly value: unknown
}

/**
 * Which inputs of a call are declared secrets: those a record names, and below `payload.*` whatever has a secret's
 * name. Only there is a reference taken: PostHog gives back what it does not take for a secret, and this server masks
 * these names in whatever comes back.
 * @param paths of the record
 */
export const secretInputs = (input: Json, paths: readonly string[] = []): readonly SecretInput[] =>
  paths.flatMap((path) => {
    const [head = '', ...rest] = path.split('.')
    return leavesBelow(input[head], [head], rest)
  })

const leavesBelow = (value: unknown, at: readonly string[], path: readonly string[]): readonly SecretInput[] => {
  const [step, ...rest] = path
  if (step === undefined) return value === undefined ? [] : [{ path: at.join('.'), value }]
  if (step === '*') return secretLeaves(value, at, false)
  return isObject(value) && !isReference(value) ? leavesBelow(value[step], [...at, step], rest) : []
}

/** @param secret whether something above has a secret's name */
const secretLeaves = (value: unknown, at: readonly string[], secret: boolean): readonly SecretInput[] => {
  if (Array.isArray(value)) return value.flatMap((item) => secretLeaves(item, at, secret))
  if (isObject(value) && !isReference(value))
    return Object.entries(value).flatMap(([key, item]) =>
      secretLeaves(item, [...at, key], secret || isSecretField(key)),
    )
  return secret ? [{ path: at.join('.'), value }] : []
}

const bare = createRedactor([])

/** The secrets of a call that are given as they are; also those in other places whose form gives them away. */
export const literalSecrets = (
  input: Json,
  paths: readonly string[],
  isMark: (value: unknown) => boolean,
): readonly string[] => {
  const declared = secretInputs(input, paths).filter(({ value }) => isLiteral(value) && !isMark(value))
  const byForm = paths
    .filter((path) => path.endsWith('.*'))
    .flatMap((path) => secretLeaves(input[path.slice(0, -2)], [path.slice(0, -2)], true))
    .filter(({ value }) => typeof value === 'string' && bare.sentence(value) !== value)
  return [...new Set([...declared, ...byForm].map(({ path }) => path))]
}

/** A boolean only says whether something is secret; nothing says nothing. */
const isLiteral = (value: unknown): boolean => typeof value === 'number' || (typeof value === 'string' && value !== '')

const isReference = (value: unknown): boolean => readReference(value) !== undefined

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
