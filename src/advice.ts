import type { FailedCall } from './failure.ts'
import type { HttpFailure } from './http/failure.ts'
import type { Changed } from './tool-error.ts'

const CLOUD_REGIONS = ['https://us.posthog.com', 'https://eu.posthog.com']

/** PostHog tells an edit conflict by its text alone, under a 400 (fact sheet: tables 3.3); undefined for any other 400. */
export const adviceForConflict = ({ operation }: FailedCall, detail = ''): string | undefined =>
  operation.check !== undefined && /modified by someone else/i.test(detail)
    ? `Read it again with ${operation.check}, look at what changed, and repeat with its new latest_history_id`
    : undefined

/** After a request that got no reply. */
export const adviceForFailure = (call: FailedCall, failure: HttpFailure, changed: Changed): string => {
  switch (failure.kind) {
    case 'cancelled':
      return changed === 'unknown' ? adviceForUnknown(call, changed, undefined) : 'Call again if it is still wanted'
    case 'unreachable':
    case 'tls':
      return `Check POSTHOG_HOST (now ${call.origin}), the network and the proxy settings, then call again`
    case 'too_large':
      if (changed === 'unknown') return adviceForUnknown(call, changed, undefined)
      return 'Ask for less: a smaller limit, a narrower search, or one object instead of a list'
    case 'redirect_refused':
      return `Download it in the PostHog app at ${call.origin}`
    default:
      return adviceForUnknown(call, changed, undefined)
  }
}

/** A refused input; what the record knows of refusals helps where PostHog names no field. */
export const adviceForInput = ({ operation }: FailedCall, attr: string | undefined): string =>
  attr === undefined && operation.hint !== undefined ? operation.hint : 'Correct the input and call again'

/** The wrong key, or the right one in the wrong place. */
export const adviceFor401 = (origin: string): string => {
  const other = CLOUD_REGIONS.find((region) => region !== origin)
  const region = CLOUD_REGIONS.includes(origin)
    ? ` The key may also belong to the other region: then set POSTHOG_HOST=${other}.`
    : ''
  return `Check POSTHOG_PERSONAL_API_KEY; make a personal API key (phx_…) at ${origin}/settings/user-api-keys.${region}`
}

/** Something else than PostHog's API answered. */
export const adviceForHost = (origin: string): string =>
  `Check POSTHOG_HOST (now ${origin}): it should be the app, such as https://us.posthog.com`

/** Whether PostHog says that it lets no API key do this. */
export const refusesKeys = (detail: string): boolean => /does not support personal api key/i.test(detail)

/** The refusals of PostHog told apart (fact sheet: cross-cutting 3.2). */
export const adviceFor403 = (call: FailedCall, detail = ''): string => {
  const scope = /missing required scope '([a-z_]+:[a-z]+)'/.exec(detail)?.[1]
  // A name from PostHog's text is repeated only where the record knows it; the text itself is quoted beside it.
  const { scopes } = call.operation
  const known = scopes.find((one) => one === scope)
  const needs = scopes.length === 0 ? '' : ` (this tool needs: ${scopes.join(', ')})`
  if (scope !== undefined)
    return `The key lacks ${known === undefined ? 'a scope' : `the scope ${known}`}. Make a key that has it at ${call.origin}/settings/user-api-keys${needs}, and do not retry before`
  if (refusesKeys(detail))
    return `PostHog does not let API keys call this, whatever their scopes: do not retry. ${call.operation.instead ?? 'Use the PostHog app'}`
  if (/does not have access to the requested project/i.test(detail))
    return 'Use a project the key is made for, or another key'
  if (/editor access|viewer access/i.test(detail))
    return "The key's owner lacks the role in PostHog; a project admin can grant it"
  return 'A PostHog admin has to allow it; retrying does not help'
}

/** Absent and invisible read the same; neither means deleted. */
export const adviceFor404 = (call: FailedCall, detail = ''): string => {
  if (/^project not found/i.test(detail)) return `Check the project id ${call.project}: this key knows no such project`
  if (/^endpoint not found/i.test(detail))
    return `This PostHog release does not have the route. ${call.operation.instead ?? 'Use the PostHog app, or a newer release'}`
  if (/^invalid page/i.test(detail)) return 'There is no such page: go back to an earlier one'
  const where = call.listTool === undefined ? '' : `Take an id from ${call.listTool}. `
  return `${where}It may not exist, or this key may not see it; this does not mean that it was deleted`
}

/** When to come back. @param seconds as PostHog asked, if it did */
export const adviceFor429 = (seconds: number | undefined): string =>
  seconds === undefined ? 'Wait a minute, then call again' : `Wait ${seconds} seconds, then call again`

/** Advice of its own for a failure; a write that may have been carried out is looked for all the same. */
export const withLook = (call: FailedCall, changed: Changed, advice: string): string =>
  changed === 'unknown' ? `${advice}. ${adviceForUnknown(call, changed, undefined)}` : advice

/** After a failure that leaves open whether the change was made; for a read, simply to try again. */
export const adviceForUnknown = ({ operation }: FailedCall, changed: Changed, seconds: number | undefined): string => {
  const wait = seconds === undefined ? '' : ` PostHog asks to wait ${seconds} seconds.`
  if (changed === 'nothing') return `Call again in a moment.${wait}`
  const note = operation.checkNote === undefined ? '' : ` ${operation.checkNote}`
  return `Do not repeat it blindly; look first with ${operation.check}.${note}${wait}`
}
