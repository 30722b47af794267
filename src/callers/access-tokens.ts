import { timingSafeEqual } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import { ConfigError } from '../command-line.ts'
import { toHash } from './caller.ts'

/** What one token may do at most; what is left out is as the server was started. */
export interface Ceiling {
  readonly readOnly?: boolean | undefined
  readonly toolsets?: readonly string[] | undefined
  readonly tools?: readonly string[] | undefined
  /** The one project of its calls. */
  readonly project?: number | undefined
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
    toolsets: z.array(z.string()).optional(),
    tools: z.array(z.string()).optional(),
    project: z.int().positive().optional(),
  })
  .refine(({ token, sha256 }) => (token === undefined) !== (sha256 === undefined), 'token or sha256, one of them')

const file = z.strictObject({ tokens: z.array(entry).min(1) })

/** @throws ConfigError that names the place of what is wrong, and never a token */
const readTokens = (path: string): readonly AccessToken[] => {
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
  return data.tokens.map(({ name, token, sha256, read_only, toolsets, tools, project }) => ({
    name,
    hash: token === undefined ? Buffer.from(sha256 ?? '', 'hex') : toHash(token),
    readOnly: read_only,
    toolsets,
    tools,
    project,
  }))
}

/** The tokens of a file are looked for again this often; a rotated one counts from then on. */
const LOOK_MS = 1_000

/** The tokens that open this server: one from the environment, more from a file that may change while it runs. */
export class AccessTokens {
  readonly #fixed: readonly AccessToken[]
  readonly #path: string | undefined
  readonly #wrong: (error: ConfigError) => void
  readonly #now: () => number
  #tokens: readonly AccessToken[] = []
  #stamp = ''
  #lookedAt = Number.NEGATIVE_INFINITY

  /**
   * @param wrong told when the file cannot be read any more; the tokens before stay in force
   * @throws ConfigError when it cannot be read at the start, or there is no token at all
   */
  constructor(
    { token, path }: { readonly token: string | undefined; readonly path: string | undefined },
    wrong: (error: ConfigError) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#fixed = token === undefined ? [] : [{ name: 'default', hash: toHash(token) }]
    this.#path = path
    this.#wrong = wrong
    this.#now = now
    if (path !== undefined) this.#tokens = readTokens(path)
    this.#stamp = this.#stampOf()
    if (this.#fixed.length + this.#tokens.length === 0)
      throw new ConfigError('--auth token needs MCP_AUTH_TOKEN or MCP_AUTH_TOKENS_FILE')
  }

  /** The token of this text. Every token is compared, in constant time, whichever fits. */
  find(text: string): AccessToken | undefined {
    this.#look()
    const hash = toHash(text)
    let found: AccessToken | undefined
    for (const token of [...this.#fixed, ...this.#tokens]) if (timingSafeEqual(token.hash, hash)) found = token
    return found
  }

  #look(): void {
    if (this.#path === undefined || this.#now() - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = this.#now()
    const stamp = this.#stampOf()
    if (stamp === this.#stamp) return
    try {
      this.#tokens = readTokens(this.#path)
      this.#stamp = stamp
    } catch (error) {
      // Half a file while it is written is no reason to lock everybody out.
      if (error instanceof ConfigError) this.#wrong(error)
    }
  }

  #stampOf(): string {
    const stat = this.#path === undefined ? undefined : statSync(this.#path, { throwIfNoEntry: false })
    return stat === undefined ? '' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`
  }
}
