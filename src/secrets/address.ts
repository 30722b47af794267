import type { Address } from './binding.ts'

/**
 * One host and nothing else, in ASCII: what a resolver, a URL parser and a driver might read differently (a port, a
 * list, an escape, a trailing dot) is no host here.
 */
export const readHost = (text: string): string | undefined =>
  /^(?:[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])$/i.test(text) ? text.toLowerCase() : undefined

const URL_PARTS =
  /^([a-z][a-z0-9+.-]{0,30}):\/\/(?:([^\s/?#@\\]*)@)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?(?:\/([^\s/?#\\]*)([^\s?#\\]*))?(?:\?([^\s#\\]*))?$/i

/** What may follow a connection string's `?`: anything else could name another host (`host=`, `hostaddr=`, a proxy). */
const HARMLESS_PARAMETER =
  /^(sslmode|ssl|tls|application_name|connect_timeout|schema|currentschema|charset|warehouse|role|authsource|replicaset|retrywrites|w)$/i

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  https: '443',
  postgres: '5432',
  postgresql: '5432',
  mysql: '3306',
  mssql: '1433',
}

/**
 * The address in a URL, read strictly: what two parsers could take for two hosts is none.
 * @param options.login whether it may hold a user and a password, and settings behind `?`
 */
export const readUrl = (text: string, { login }: { readonly login: boolean }): Address | undefined => {
  const [, scheme = '', user, host = '', port, bucket, rest = '', query] = URL_PARTS.exec(text) ?? []
  const name = readHost(host)
  if (name === undefined || (user !== undefined && !login)) return undefined
  // A path that climbs, or is escaped, may end in another bucket than it begins with.
  if (/(^|\/)\.\.?(\/|$)/.test(`${bucket ?? ''}${rest}`) || /%2e|%2f|%5c/i.test(`${bucket ?? ''}${rest}`))
    return undefined
  const settings = query === undefined || query === '' ? [] : query.split('&')
  if (login && !settings.every((setting) => HARMLESS_PARAMETER.test(setting.split('=')[0] ?? ''))) return undefined
  return { host: name, port: port ?? DEFAULT_PORTS[scheme.toLowerCase()], bucket: bucket === '' ? undefined : bucket }
}
