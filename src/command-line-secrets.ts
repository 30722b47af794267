import { type Command, InvalidArgumentError } from 'commander'
import type { LiteralSecrets } from './secrets/caller-secrets.ts'

/** The flags about secrets as typed; absent ones are undefined. */
export type SecretFlags = Partial<{
  secretsDir: string
  literalSecrets: LiteralSecrets
  passwordsDir: string
  passwordsPage: boolean
  revealPasswords: boolean
}>

const toPolicy = (text: string): LiteralSecrets => {
  if (text === 'allow' || text === 'refuse') return text
  throw new InvalidArgumentError('It is allow or refuse.')
}

/** The flags about secrets, whichever way it is served. */
export const addSecretFlags = (command: Command): Command =>
  command
    .option(
      '--secrets-dir <folder>',
      'secrets that calls may refer to: a file each, NAME, and NAME.for where it may go',
    )
    .option(
      '--literal-secrets <allow|refuse>',
      'whether secrets may be typed into arguments (stdio: allow, http: refuse)',
      toPolicy,
    )
    .option('--passwords-dir <folder>', 'where passwords go that PostHog shows once, each a file of its own')
    .option('--passwords-page', 'show them once, on a page in the browser of the person')
    .option('--reveal-passwords', 'put them into the result instead, and so into the chat')

/** Said among the environment. */
export const SECRETS_ENVIRONMENT = `
  MCP_SECRET_<NAME>         a secret that calls may refer to as {"$secret": "<NAME>"}
  MCP_SECRET_<NAME>_FOR     where it may go, such as Postgres@db.example.com, Stripe, Table@bucket.s3.amazonaws.com`
