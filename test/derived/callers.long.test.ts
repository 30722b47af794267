/** What PostHog refused to one key is not taken for granted of another. */
import { expect, test } from 'vitest'
import { useHttp } from '../fake/http.ts'
import { useConnection } from '../fake/mcp.ts'
import { keyOf } from '../fake/posthog.ts'
import { type Script, useRecorder } from '../fake/recorder.ts'
import { KEPT, keysOnly } from './keys-only.ts'

const [FIRST, SECOND] = ['phx_of-somebody-0123456789', 'phx_of-another-0123456789ab']

test('each caller is refused once', async () => {
  const project = keysOnly({ views: [], sources: [] })
  const script: Script = (request) =>
    request.path === '/api/personal_api_keys/@current'
      ? { json: { id: 'k', scopes: ['*'], scoped_teams: [] } }
      : project(request)
  const upstream = await useRecorder(script)
  const server = await useHttp({ origin: upstream.origin, flags: ['--auth', 'posthog'] })
  for (const key of [FIRST, SECOND]) {
    const mcp = await useConnection(server.url, 'modern', key)
    for (let round = 0; round < 3; round += 1)
      expect((await mcp.call('data_warehouse_job_stats')).structuredContent).toMatchObject({ derived: true })
  }
  const kept = upstream.requests.filter(({ path }) => KEPT.test(path))
  expect(kept.map(keyOf)).toEqual([FIRST, SECOND])
  // Whatever is read instead is read with the key of whoever asks.
  expect(new Set(upstream.requests.map(keyOf))).toEqual(new Set([FIRST, SECOND]))
})
