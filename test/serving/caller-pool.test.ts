import { describe, expect, test } from 'vitest'
import { type Held, isRefusal } from '../../src/callers/caller.ts'
import { CallerPool, type Kept } from '../../src/callers/caller-pool.ts'
import { holding } from '../../src/transports/http/listen-stream.ts'

const MOST = 1_000

const kept = (id: string): Kept => ({
  // The pool asks nothing of a caller, and of the parts only that they end.
  caller: { id } as Kept['caller'],
  core: { close: async () => undefined } as Kept['core'],
})

const usePool = () => {
  const dropped: string[] = []
  const pool = new CallerPool(({ id }) => dropped.push(id))
  const take = (id: string): Held => {
    const answer = pool.take(id, () => kept(id))
    if (isRefusal(answer)) throw new Error(answer.description)
    return answer
  }
  return { dropped, pool, take }
}

describe('the 1,001st caller', () => {
  test('takes the place of who was served longest ago, not of who is being served', () => {
    const { dropped, take } = usePool()
    const [busy, twice] = [take('busy'), [take('twice'), take('twice')]]
    for (let at = 2; at < MOST; at += 1) take(`idle ${at}`).release()
    twice[0]?.release()
    take('idle 2').release()
    expect(dropped).toEqual([])
    take('new').release()
    expect(dropped).toEqual(['idle 3'])
    busy.release()
    take('newer').release()
    // Released is not forgotten: others were idle before.
    expect(dropped).toEqual(['idle 3', 'busy'])
    twice[1]?.release()
    take('newest').release()
    expect(dropped).toEqual(['idle 3', 'busy', 'twice'])
  })

  test('is refused while all are being served, and only then; nothing is made for it', () => {
    const { dropped, pool, take } = usePool()
    const all = Array.from({ length: MOST }, (_, at) => take(String(at)))
    const make = (): Kept => {
      throw new Error('made in vain')
    }
    expect(pool.take('new', make)).toEqual({
      status: 503,
      error: 'temporarily_unavailable',
      description: expect.any(String),
      retryAfterSeconds: 5,
    })
    expect(take('500').caller.id).toBe('500')
    expect(dropped).toEqual([])
    all[7]?.release()
    expect(take('new').caller.id).toBe('new')
    expect(dropped).toEqual(['7'])
  })
})

describe('what is held for an answer', () => {
  const use = () => {
    let count = 0
    const release = (): void => {
      count += 1
    }
    return { release, count: () => count }
  }

  test('is released once, after the last of the body', async () => {
    const { release, count } = use()
    const { readable, writable } = new TransformStream()
    const response = await holding(release, async () => new Response(readable))
    const writer = writable.getWriter()
    const text = response.text()
    await writer.write(new TextEncoder().encode('one'))
    expect(count()).toBe(0)
    await writer.close()
    expect(await text).toBe('one')
    expect(count()).toBe(1)
  })

  test.each([
    ['who asked leaves', {}, async (response: Response) => response.body?.cancel()],
    [
      'the body fails',
      { start: (controller: ReadableStreamDefaultController) => controller.error(new Error('broken')) },
      async (response: Response) => expect(response.text()).rejects.toThrow('broken'),
    ],
  ])('is released once when %s', async (_what, source, end) => {
    const { release, count } = use()
    await end(await holding(release, async () => new Response(new ReadableStream(source))))
    expect(count()).toBe(1)
  })

  test('is released once where there is no body, and no answer', async () => {
    const { release, count } = use()
    await holding(release, async () => new Response(null, { status: 202 }))
    expect(count()).toBe(1)
    const failed = holding(release, () => Promise.reject(new Error('a fault')))
    await expect(failed).rejects.toThrow('a fault')
    expect(count()).toBe(2)
  })
})
