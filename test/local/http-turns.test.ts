import { expect, test } from 'vitest'
import { Turns } from '../../src/local/turns.ts'

test('a task starts when the earlier ones have ended, also when one failed', async () => {
  const turns = new Turns()
  const seen: string[] = []
  let open = (): void => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const first = turns.take(async () => {
    seen.push('first begins')
    await gate
    seen.push('first fails')
    throw new Error('no')
  })
  const second = turns.take(async () => {
    seen.push('second')
    return 2
  })
  await Promise.resolve()
  open()
  await expect(first).rejects.toThrow('no')
  expect(await second).toBe(2)
  expect(seen).toEqual(['first begins', 'first fails', 'second'])
})
