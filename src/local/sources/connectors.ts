import { isIP } from 'node:net'
import { isObject } from '../fields.ts'
import type { World } from '../world.ts'
import { bucket } from './bucket.ts'
import { type Connector, SourceError, type SourceFailure, type SourceTable } from './connector.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import type { Inputs } from './source-state.ts'

/** The types this machine can really reach. */
const CONNECTORS: ReadonlyMap<string, Connector> = new Map([
  ['Postgres', postgres],
  ['Supabase', postgres],
  ['Neon', postgres],
  ['PlanetScalePostgres', postgres],
  ['MySQL', mysql],
  ['PlanetScaleMySQL', mysql],
  ['AmazonS3', bucket],
  ['GoogleCloudStorage', bucket],
])

const unreachable = (sourceType: string): string =>
  `The local warehouse cannot reach ${sourceType} sources; PostHog might. It connects to ${[...CONNECTORS.keys()].join(', ')}.`

/** The connector of a stored source's type. */
export const connectorOf = (sourceType: string): Connector => {
  const found = CONNECTORS.get(sourceType)
  if (found === undefined) throw new SourceError('other', unreachable(sourceType))
  return found
}

const isOutOfRange = (port: unknown): boolean => Number(port) < 1 || Number(port) > 65_535

const tunnelTrouble = (tunnel: unknown): string | null => {
  if (!isObject(tunnel) || tunnel.enabled !== true) return null
  const auth = isObject(tunnel.auth) ? tunnel.auth : {}
  if (auth.selection !== 'password' && auth.selection !== 'keypair') return 'Authentication type not recognised'
  if (auth.selection === 'password' && !(auth.username && auth.password)) return 'Username and password required'
  if (auth.selection === 'keypair' && !auth.private_key) return 'Private key is required'
  if (isOutOfRange(tunnel.port)) return 'Port must be between 1 and 65535'
  if (['80', '443'].includes(String(tunnel.port))) return `Port ${String(tunnel.port)} is not allowed`
  return 'The local warehouse opens no SSH tunnels; PostHog does. Connect to the database directly.'
}

const hostTrouble = (host: unknown): string | null => {
  if (typeof host !== 'string' || isIP(host) !== 0 || !/[:/,\s]|\.$/.test(host)) return null
  return 'Enter a single hostname or IP address for the host, without a port, path, comma, space or trailing dot.'
}

/** Tries to connect. The answer is what to tell the user; null when it works. */
export const probe = async (
  world: World,
  sourceType: string,
  inputs: Inputs,
  signal: AbortSignal,
): Promise<string | null> => {
  const connector = CONNECTORS.get(sourceType)
  if (connector === undefined) return unreachable(sourceType)
  return hostTrouble(inputs.host) ?? tunnelTrouble(inputs.ssh_tunnel) ?? (await connector.probe(inputs, signal, world))
}

// Fact sheet: external-data-sources 2.9.
const DISCOVERY_TEXTS: Readonly<Partial<Record<SourceFailure, string>>> = {
  timeout: 'Connection timed out while fetching schemas from the source.',
  refused: 'Could not connect to the source. Check the host, port, and network access.',
  dns: 'Could not resolve the source host.',
  auth: 'Could not authenticate with the source. Check the connection credentials.',
  forbidden: 'The source credentials do not have permission to fetch schemas.',
  tls: 'SSL/TLS is required to connect to the source.',
}

/** What the user is told when tables cannot be listed. */
export const toDiscoveryText = (error: unknown): string => {
  if (!(error instanceof SourceError)) return 'Could not fetch schemas from source.'
  if (error.reason === 'driver') return error.message
  return DISCOVERY_TEXTS[error.reason] ?? 'Could not fetch schemas from source.'
}

/** The tables a source shows. Throws SourceError. */
export const discover = (
  world: World,
  sourceType: string,
  inputs: Inputs,
  signal: AbortSignal,
): Promise<readonly SourceTable[]> => connectorOf(sourceType).discover(inputs, signal, world)
