import { randomUUID } from 'node:crypto'
import type { Means } from './call.ts'
import type { HttpReply, HttpRequest } from './http/client.ts'
import type { Operation, Upload } from './operation.ts'
import type { ApiRequest } from './request.ts'

/** PostHog's own proxy gives up, with an honest answer, after 30 s; this leaves it the time to say so. */
const SHORT_DEADLINE_MS = 45_000
/** Where upstream connects, probes, runs SQL or takes a file inside the call (fact sheet: tables 2.3 create). */
const LONG_DEADLINE_MS = 120_000
/** Well above the largest real reply, an unfiltered wizard of 1 MB (fact sheet: external data sources 2.11). */
const LARGEST_REPLY = 8 * 1024 * 1024
/** A file, the schema of thousands of tables, 50,000 rows. */
const LARGEST_FILE = 50 * 1024 * 1024

/** Sends one request with the deadline, size cap and redirect rule of its record. */
export const send = async (
  { http, files }: Pick<Means, 'http' | 'files'>,
  operation: Operation,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<HttpReply> => {
  const body = await toBody(files, request)
  const isFile = operation.reply.kind === 'file'
  return http.send({
    method: request.method,
    path: request.path,
    route: request.route,
    query: request.query,
    ...(body === undefined ? {} : { body }),
    deadlineMs: operation.deadline === 'long' ? LONG_DEADLINE_MS : SHORT_DEADLINE_MS,
    maxReplyBytes: isFile || operation.large ? LARGEST_FILE : LARGEST_REPLY,
    signal,
    ...(operation.storageRedirect ? { storageRedirect: true } : {}),
  })
}

const toBody = async (files: Means['files'], { json, upload }: ApiRequest): Promise<HttpRequest['body']> => {
  if (upload === undefined) return json === undefined ? undefined : { kind: 'json', value: json }
  return {
    kind: 'file',
    fields: upload.fields,
    fileName: toUniqueName(upload.fileName),
    contentType: 'application/octet-stream',
    ...(await open(files, upload)),
  }
}

/**
 * PostHog stores an upload under its file name alone: a second table from a file of that name would overwrite the
 * first one's rows (fact sheet: tables 2.3 "file").
 */
const toUniqueName = (name: string): string => name.replace(/(\.\w+)?$/, `-${randomUUID().slice(0, 8)}$1`)

const open = async (files: Means['files'], { from }: Upload) => {
  if ('path' in from) return files.read(from.path)
  const bytes = Buffer.from(from.text)
  return {
    size: bytes.byteLength,
    open: async function* () {
      yield bytes
    },
  }
}
