import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { modern, send } from '../fake/http.ts'
import { hasRedisAndNginx } from './redis.ts'
import { type Replica, TOKEN } from './replica.ts'
import { useTopology } from './topology.ts'

interface Result {
  readonly requestState?: string
  readonly isError?: boolean
  readonly content?: readonly { readonly text: string }[]
}

const deleteAt = async ({ url }: Replica, id: string, state?: string): Promise<Result> => {
  const answer = { action: 'accept', content: { name: `table ${id}` } }
  const params = {
    name: 'warehouse_tables_delete',
    arguments: { id },
    ...(state !== undefined && { requestState: state, inputResponses: { confirm: answer } }),
  }
  const { json } = await send(url, { ...modern('tools/call', params, 1, { elicitation: { form: {} } }), token: TOKEN })
  return (json.result ?? {}) as Result
}

describe.skipIf(!hasRedisAndNginx())('three replicas, and a person who approves', { timeout: 120_000 }, () => {
  test('a question of one is answered at another, and counts once among all', async () => {
    const { replicas, posthog } = await useTopology()
    const [first, second, third] = replicas
    const id = randomUUID()
    const { requestState: state } = await deleteAt(first, id)
    expect(state).toBeDefined()
    const answers = await Promise.all([second, third, first].map((replica) => deleteAt(replica, id, state)))
    const refused = answers.filter(({ isError }) => isError === true)
    expect(refused.map(({ content }) => content?.[0]?.text)).toEqual([
      expect.stringContaining('was used before'),
      expect.stringContaining('was used before'),
    ])
    expect(posthog.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
  })

  test('while Redis is away no answer counts, and it does when Redis is back', async () => {
    const { replicas, posthog, redis } = await useTopology()
    const [first, second] = replicas
    const id = randomUUID()
    const { requestState: state } = await deleteAt(first, id)
    await redis.kill()
    await second.logged(({ msg }) => String(msg).startsWith('Redis is away'))
    const { content } = await deleteAt(second, id, state)
    expect(content?.[0]?.text).toMatch(/cannot be made sure just now[\s\S]*Nothing was changed/)
    expect(posthog.requests.filter(({ method }) => method === 'DELETE')).toEqual([])
    await redis.start()
    await second.logged(({ msg }) => String(msg).startsWith('Redis is there'), 2)
    expect((await deleteAt(second, id, state)).isError).not.toBe(true)
    expect(posthog.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1)
  })
})
