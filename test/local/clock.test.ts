import { expect, it } from 'vitest'
import { Clock } from '../../src/local/clock.ts'

it('rings what lies on the way, in order, each at its own time', () => {
  const clock = new Clock()
  const start = clock.now()
  const rung: [string, number][] = []
  clock.wake(start + 60_000, () => rung.push(['minute', Math.round((clock.now() - start) / 1000)]))
  clock.wake(start + 1_000, () => {
    rung.push(['second', Math.round((clock.now() - start) / 1000)])
    clock.wake(clock.now() + 9_000, () => rung.push(['later', Math.round((clock.now() - start) / 1000)]))
  })
  const takeBack = clock.wake(start + 2_000, () => rung.push(['never', 0]))
  takeBack()
  clock.advance(30_000)
  expect(rung).toEqual([
    ['second', 1],
    ['later', 10],
  ])
  clock.advance(60_000)
  expect(rung).toEqual([
    ['second', 1],
    ['later', 10],
    ['minute', 60],
  ])
  expect(Math.round((clock.now() - start) / 1000)).toBe(90)
})

it('rings by real time too', async () => {
  const clock = new Clock()
  await new Promise<void>((resolve) => {
    // The alarm itself keeps no process alive; the test runner does.
    clock.wake(clock.now() + 20, resolve)
  })
  clock.stop()
})
