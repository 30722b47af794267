import { invalid } from '../errors.ts'
import { type Body, isObject } from '../fields.ts'
import { isSecret } from './secrets.ts'
import type { Inputs } from './source-state.ts'
import { WIZARD } from './wizard-entries.ts'

const CONTAINERS = ['auth_method', 'auth_type', 'authentication', 'registered_app', 'ssh_tunnel']
// Where the secrets are sent to.
const HOSTS = ['host', 'bucket_url']
const TUNNEL_SECRETS = ['password', 'passphrase', 'private_key']

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

const objectOr = (value: unknown): Body => (isObject(value) ? value : {})

/** Keeps a secret that was not sent again, or sent empty. */
const overlay = (stored: Body, sent: Body, secrets: readonly string[]): Body => {
  const changed = Object.entries(sent).filter(([name, value]) => isGiven(value) || !secrets.includes(name))
  return { ...stored, ...Object.fromEntries(changed) }
}

const mergeTunnel = (stored: unknown, sent: unknown): unknown => {
  if (!isObject(sent) || !isObject(stored)) return sent
  const auth = overlay(objectOr(stored.auth), objectOr(sent.auth), TUNNEL_SECRETS)
  return { ...stored, ...sent, auth }
}

const isMoved = (stored: unknown, sent: unknown): boolean =>
  sent !== undefined && String(sent ?? '').toLowerCase() !== String(stored ?? '').toLowerCase()

const isTunnelMoved = (stored: unknown, sent: unknown): boolean => {
  if (sent === undefined) return false
  const before = objectOr(stored)
  const after = objectOr(sent)
  const isOn = (tunnel: Body): boolean => String(tunnel.enabled).toLowerCase() === 'true'
  // A tunnel that was off and stays off changes nothing, however it is spelled.
  if (!isOn(before) && !isOn(after)) return false
  return isOn(before) !== isOn(after) || isMoved(before.host, after.host) || isMoved(before.port, after.port)
}

/** A new address must not be told the old secrets (fact sheet: external-data-sources 2.4, rule 6). */
const checkMoves = (stored: Inputs, sent: Body, secrets: readonly string[]): void => {
  const needed = secrets.filter((name) => isGiven(stored[name]))
  const isComplete = needed.every((name) => isGiven(sent[name]))
  if (HOSTS.some((name) => isMoved(stored[name], sent[name])) && !isComplete) {
    throw invalid('Changing the connection host requires re-entering your credentials.')
  }
  if (isTunnelMoved(stored.ssh_tunnel, sent.ssh_tunnel) && !isComplete) {
    throw invalid('Changing the SSH tunnel requires re-entering your database credentials.')
  }
  const [before, after] = [objectOr(stored.ssh_tunnel), objectOr(sent.ssh_tunnel)]
  const tunnelSecrets = TUNNEL_SECRETS.filter((name) => isGiven(objectOr(before.auth)[name]))
  const isSentAgain = tunnelSecrets.every((name) => isGiven(objectOr(after.auth)[name]))
  if (isMoved(before.host, after.host) && !isSentAgain) {
    throw invalid('Changing the SSH tunnel host requires re-entering your SSH credentials.')
  }
}

/** Puts what was sent over what is stored (fact sheet: external-data-sources 2.4). Throws 400. */
export const mergeInputs = (sourceType: string, stored: Inputs, sent: Body): Inputs => {
  for (const name of CONTAINERS) {
    const value = sent[name]
    if (value !== undefined && value !== null && !isObject(value)) {
      throw invalid('Must be an object.', `job_inputs__${name}`)
    }
  }
  const fields = WIZARD.get(sourceType)?.fields ?? []
  const secrets = fields.filter(isSecret).map(({ name }) => name)
  checkMoves(stored, sent, secrets)
  const merged = overlay(stored, sent, secrets)
  if (sent.ssh_tunnel === undefined) return merged
  return { ...merged, ssh_tunnel: mergeTunnel(stored.ssh_tunnel, sent.ssh_tunnel) }
}
