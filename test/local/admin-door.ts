import type { Client } from './http-client.ts'

/** One call of the admin door of a warehouse started with `admin: true`. */
export const askAdmin = async (
  client: Client,
  method: string,
  path: string,
  body?: unknown,
  token = client.local.adminToken ?? 'none',
): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> => {
  const response = await fetch(`${client.local.origin}/_admin/${path}`, {
    method,
    headers: { 'x-admin-token': token, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  // Tests compare what came with literals; the cast only spares narrowing on the way.
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> }
}
