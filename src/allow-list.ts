import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Catalogue, Tool } from './catalogue.ts'
import { ConfigError } from './command-line.ts'
import { type Tiers, tiersSchema } from './tiers.ts'

/** What a file lets through; a tool that a later release adds is not in it. */
export interface AllowList {
  readonly path: string
  /** The tools, each with its pin where the file has one. */
  readonly pins: ReadonlyMap<string, string | undefined>
  readonly tiers: Tiers
}

const VERSION = 1
const PIN_LENGTH = 16

const file = z.strictObject({
  allow_list: z.literal(VERSION, { error: `this release reads version ${VERSION} of the file` }),
  tools: z.array(z.string().regex(/^\w{1,64}(@[0-9a-f]{16})?$/, 'it is a tool, or tool@pin')).min(1),
  tier: tiersSchema.optional(),
})

const anew = (path: string): string => `write it with: posthog-warehouse-mcp allow-list --tier read > ${path}`

/** Reads the file that `--allow-list` names. @throws ConfigError */
export const readAllowList = (path: string): AllowList => {
  const { data, error } = file.safeParse(readJson(path))
  if (error !== undefined) {
    const [issue] = error.issues
    throw wrong(path, `${issue?.path.join('.') || 'the file'}: ${issue?.message}; ${anew(path)}`)
  }
  const pins = new Map<string, string | undefined>()
  for (const entry of data.tools) {
    const [name = '', pin] = entry.split('@')
    if (pins.has(name)) throw wrong(path, `${name} is there twice; take one out`)
    pins.set(name, pin)
  }
  return { path, pins, tiers: data.tier ?? {} }
}

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    // Only a failure of the file system has a code.
    const { code } = error as NodeJS.ErrnoException
    throw wrong(path, `${code === undefined ? 'is no JSON' : `cannot be read (${code})`}; ${anew(path)}`)
  }
}

/** Holds a file to the tools there are. @throws ConfigError for a tool that is not there, or not what it was */
export const checkAllowList = (all: Catalogue, { path, pins }: AllowList): void => {
  const unknown = [...pins.keys()].find((name) => !all.has(name))
  if (unknown !== undefined)
    throw wrong(path, `there is no tool ${unknown}; the README lists them. Take it out, or ${anew(path)}`)
  const changed = [...pins].flatMap(([name, pin]) => {
    const tool = all.get(name)
    return tool === undefined || pin === undefined || pin === toPin(tool) ? [] : [`${name}@${toPin(tool)}`]
  })
  if (changed.length > 0)
    throw wrong(
      path,
      `these tools are not what they were when it was written: ${changed.join(', ')} (their pins now). See what changed (README, docs/coverage.md); then put these in, or ${anew(path)}`,
    )
}

/** The file for these tools, each pinned as it is now. @param tiers written too, to hold later changes to the same */
export const writeAllowList = (tools: readonly Tool[], tiers: Tiers | undefined): string => {
  const { all, ...others } = tiers ?? {}
  const tier = all !== undefined && Object.keys(others).length === 0 ? all : tiers
  const list = tools.map((tool) => `${tool.record.name}@${toPin(tool)}`)
  return `${JSON.stringify({ allow_list: VERSION, tier, tools: list }, null, 2)}\n`
}

/**
 * What a tool is, in short: another as soon as a client is told something else of it, or it sends or may do something
 * else. The same with and without `--lock-project`.
 */
export const toPin = (tool: Tool): string => {
  const { definition, record } = tool
  const { project_id, environment_id, ...properties } = definition.inputSchema.properties
  const told = { ...definition, inputSchema: { ...definition.inputSchema, properties } }
  const sent =
    'operation' in tool
      ? [tool.operation.method, tool.operation.path, tool.operation.destructiveWhen?.says]
      : tool.question.answers
  const all = JSON.stringify([told, record.toolset, record.effect, record.tier, record.scopes, sent])
  return createHash('sha256').update(all).digest('hex').slice(0, PIN_LENGTH)
}

const wrong = (path: string, what: string): ConfigError => new ConfigError(`--allow-list: ${path}: ${what}`)
