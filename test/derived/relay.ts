import type { ServerResponse } from 'node:http'
import type { Recorded } from '../fake/recorder.ts'

/** Passes a request on to another server, and its answer back. */
export const relay = async (
  origin: string,
  { path, method, query, body, headers }: Pick<Recorded, 'path' | 'method' | 'query' | 'body' | 'headers'>,
  response: ServerResponse,
): Promise<void> => {
  const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]))
  const { authorization = '', 'content-type': type = 'application/json' } = headers
  const reply = await fetch(`${origin}${path}?${search}`, {
    method,
    headers: { authorization, ...(body === '' ? {} : { 'content-type': type }) },
    ...(body === '' ? {} : { body }),
  })
  response.writeHead(reply.status, { 'content-type': reply.headers.get('content-type') ?? '' })
  response.end(await reply.text())
}
