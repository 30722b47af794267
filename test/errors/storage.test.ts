import { expect, onTestFinished, test } from 'vitest'
import { createCall } from '../../src/call.ts'
import { toCatalogue } from '../../src/catalogue.ts'
import { allowFiles } from '../../src/files.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { createLook } from '../../src/look.ts'
import { createProjects } from '../../src/project.ts'
import { operations } from '../../tools/index.ts'
import { approvals, noHooks, toResult } from '../fake/hooks.ts'
import { type Answer, useRecorder } from '../fake/recorder.ts'
import { noSecrets } from '../fake/secrets.ts'

/** Fetches an export whose file the storage answers for; in this process, so that the storage may be a local one. */
const download = async (stored: Answer) => {
  const storage = await useRecorder(() => stored)
  const location = `${storage.origin}/bucket/x.csv?X-Amz-Signature=abcdef`
  const upstream = await useRecorder(() => ({ status: 302, headers: { location } }))
  const { origin } = upstream
  const apiKey = 'phx_test-key-0123456789'
  const storageOrigins = [storage.origin]
  const http = createHttpClient({ origin, apiKey, userAgent: 'test/1', maxInFlight: 8, env: {}, storageOrigins })
  onTestFinished(() => http.close())
  const means = {
    http,
    projects: createProjects(7, createLook(http)),
    files: allowFiles([]),
    origin,
    apiKey,
    confirm: approvals(),
    ...noSecrets,
  }
  const tool = toCatalogue(operations, false).get('exports_content')
  if (tool === undefined) throw new Error('no such tool')
  const result = toResult(await createCall(means, noHooks)(tool, { id: 812 }, { signal: new AbortController().signal }))
  return { result, asked: upstream.requests.map(({ path }) => path) }
}

test.each([400, 401, 403, 404, 410, 500])('a storage that answers %i is told as what it is', async (status) => {
  const xml = '<Error><Message>Request has expired abcdef</Message></Error>'
  const { result, asked } = await download({ status, body: xml, headers: { 'content-type': 'application/xml' } })
  expect(result).toEqual({
    isError: true,
    content: [
      {
        type: 'text',
        text: `exports_content: the storage that PostHog pointed to answered ${status}.\nNothing was changed.\nCall again: PostHog then makes a fresh link.`,
      },
    ],
  })
  // Neither the key nor the export is looked into for what the storage did.
  expect(new Set(asked)).toEqual(new Set(['/api/projects/7/exports/812/content/']))
})

test('a page from the storage is the file', async () => {
  const { result } = await download({ body: '<html>Report</html>', headers: { 'content-type': 'text/html' } })
  expect(result.isError).toBeUndefined()
  expect(result.structuredContent).toEqual({
    id: 812,
    content_type: 'text/html',
    bytes: 19,
    text: '<html>Report</html>',
    project_id: 7,
  })
})
