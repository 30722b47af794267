import { timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { ConfigError } from '../command-line.ts'
import type { Limits } from '../limits.ts'
import { letWrite, TOOLSETS, tiersSchema } from '../tiers.ts'
import { toHash } from './caller.ts'

/** What one token may do at most; what is left out is as the server was started. */
export interface Ceiling extends Limits {
  /** The one project of its calls. */
  readonly project?: number | undefined
  /** The secrets its calls may refer to; none where it does not say. */
  readonly secrets?: readonly string[] | undefined
}

/** One token that opens this server. */
export interface AccessToken extends Ceiling {
  readonly name: string
  readonly hash: Buffer
}

const entry = z
  .strictObject({
    name: z.string().regex(/^[\w.-]{1,64}$/),
    token: z.string().min(16).optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i)
      .optional(),
    read_only: z.boolean().optional(),
    tier: tiersSchema.optional(),
    toolsets: z.array(z.enum(TOOLSETS)).optional(),
    tools: z.array(z.string()).optional(),
    exclude_tools: z.array(z.string()).optional(),
    project: z.int().positive().optional(),
    secrets: z.array(z.string()).optional(),
  })
  .refine(({ token, sha256 }) => (token === undefined) !== (sha256 === undefined), 'token or sha256, one of them')
  .refine(({ read_only, tier }) => !(read_only && letWrite(tier)), 'read_only is tier read: leave one out')

const file = z.strictObject({ tokens: z.array(entry).min(1) })

/** @throws ConfigError that names the place of what is wrong, and never a token */
const readTokens = (path: string, { only, knows, secretNames }: TokenSources): readonly AccessToken[] => {
  let text: unknown
  try {
    text = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    throw new ConfigError(`MCP_AUTH_TOKENS_FILE: ${path} cannot be read as JSON`)
  }
  const { data, error } = file.safeParse(text)
  if (error !== undefined) {
    const [issue] = error.issues
    throw new ConfigError(`MCP_AUTH_TOKENS_FILE: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
  }
  const names = data.tokens.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new ConfigError(`MCP_AUTH_TOKENS_FILE: two tokens are called ${twice}`)
  const outside = data.tokens.find(({ project = only }) => only !== undefined && project !== only)
  if (outside !== undefined)
    throw new ConfigError(
      `MCP_AUTH_TOKENS_FILE: ${outside.name} is for project ${outside.project}, but --lock-project allows ${only}`,
    )
  for (const { name, tools = [], exclude_tools = [] } of data.tokens) {
    const unknown = [...tools, ...exclude_tools].find((tool) => !knows(tool))
    if (unknown !== undefined)
      throw new ConfigError(`MCP_AUTH_TOKENS_FILE: ${name}: there is no tool ${unknown}; the README lists them`)
  }
  const without = data.tokens.find(({ secrets = [] }) => secrets.some((name) => !secretNames.includes(name)))
  if (without !== undefined)
    throw new ConfigError(
      `MCP_AUTH_TOKENS_FILE: ${without.name} has a secret that this server does not; it has: ${secretNames.join(', ') || 'none'}`,
    )
  return data.tokens.map(
    ({ name, token, sha256, read_only, tier, toolsets, tools, exclude_tools, project, secrets }) => ({
      name,
      hash: token === undefined ? Buffer.from(sha256 ?? '', 'hex') : toHash(token),
      readOnly: read_only,
      tiers: tier,
      toolsets,
      tools,
      excludeTools: exclude_tools,
      project,
      secrets,
    }),
  )
}

/** A file that changed counts no later than this. */
const LOOK_MS = 1_000

/** Where tokens come from. */
export interface TokenSources {
  readonly token: string | undefined
  readonly path: string | undefined
  /** The one project that the operator allows, if there is one. */
  readonly only: number | undefined
  /** Whether there is a tool of this name: a wrong one in `exclude_tools` would take away nothing. */
  knows(tool: string): boolean
  /** The secrets there are. */
  readonly secretNames: readonly string[]
}

/** The tokens that open this server: one from the environment, more from a file that may change while it runs. */
export class AccessTokens {
  readonly #fixed: readonly AccessToken[]
  readonly #sources: TokenSources
  readonly #wrong: (error: ConfigError) => void
  readonly #timer: NodeJS.Timeout | undefined
  #tokens: readonly AccessToken[] = []
  #stamp = ''
  #changed: (tokens: readonly AccessToken[]) => void = () => undefined

  /**
   * @param wrong told once when the file cannot be read any more; the tokens before stay in force
   * @throws ConfigError when it cannot be read at the start, or there is no token at all
   */
  constructor(sources: TokenSources, wrong: (error: ConfigError) => void) {
    const { token, path } = sources
    this.#fixed = token === undefined ? [] : [{ name: 'default', hash: toHash(token) }]
    this.#sources = sources
    this.#wrong = wrong
    if (path !== undefined) {
      this.#stamp = stampOf(path)
      this.#tokens = readTokens(path, sources)
      this.#timer = setInterval(() => this.#look(path), LOOK_MS).unref()
    }
    if (this.#fixed.length + this.#tokens.length === 0)
      throw new ConfigError('--auth token needs MCP_AUTH_TOKEN or MCP_AUTH_TOKENS_FILE')
  }

  /** @param changed told of all tokens whenever they are others than before */
  onChange(changed: (tokens: readonly AccessToken[]) => void): void {
    this.#changed = changed
  }

  /** The token of this text. Every token is compared, in constant time, whichever fits. */
  find(text: string): AccessToken | undefined {
    const hash = toHash(text)
    let found: AccessToken | undefined
    for (const token of this.#all()) if (timingSafeEqual(token.hash, hash)) found = token
    return found
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #all(): readonly AccessToken[] {
    return [...this.#fixed, ...this.#tokens]
  }

  #look(path: string): void {
    const stamp = stampOf(path)
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    try {
      this.#tokens = readTokens(path, this.#sources)
      this.#changed(this.#all())
    } catch (error) {
      // Half a file while it is written is no reason to lock everybody out.
      if (error instanceof ConfigError) this.#wrong(error)
    }
  }
}

const stampOf = (path: string): string => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? '' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`
}
