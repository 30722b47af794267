import { expect, test } from 'vitest'
import { createRandom, leakOnce } from './leaking.ts'

const RUNS = 10_000

test(`${RUNS} random secrets, other ones each time`, async () => {
  const seed = Date.now() % 2 ** 31
  const random = createRandom(seed)
  let [checked, sent] = [0, 0]
  for (let run = 0; run < RUNS; run += 1) {
    const { leaks, wasSent } = await leakOnce(random)
    expect(leaks, `seed ${seed}, run ${run}`).toEqual([])
    checked += 1
    if (wasSent) sent += 1
  }
  expect(checked).toBe(RUNS)
  expect(sent).toBeGreaterThan(RUNS / 3)
}, 600_000)
