import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Bound, Seals } from '../../src/confirm/seal.ts'
import { OwnUses } from '../../src/confirm/uses.ts'

const KEY = randomBytes(32)
const LIFETIME = 600_000

/** Calls and objects as JSON has them. */
const bound = fc.record({
  purpose: fc.constantFrom('preview', 'form'),
  call: fc.jsonValue(),
  object: fc.jsonValue(),
}) satisfies fc.Arbitrary<Bound>

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

test('opens for what it was made for, and each is another', () => {
  fc.assert(
    fc.property(bound, (of) => {
      const seals = new Seals(KEY, LIFETIME)
      const [one, two] = [seals.seal(of), seals.seal(of)]
      expect(one).not.toBe(two)
      expect(seals.open(one, of)).toMatchObject({ nonce: one.split('.')[1] })
      // Another replica with the same key knows it; one with a key of its own does not.
      expect(typeof new Seals(KEY, LIFETIME).open(one, of)).toBe('object')
      expect(new Seals(randomBytes(32), LIFETIME).open(one, of)).toBe('foreign')
    }),
  )
})

test('another call, another object, another purpose: it does not open', () => {
  fc.assert(
    fc.property(bound, bound, (of, other) => {
      const seals = new Seals(KEY, LIFETIME)
      const opened = seals.open(seals.seal(of), other)
      if (of.purpose !== other.purpose || !same(of.call, other.call)) expect(opened).toBe('foreign')
      else if (!same(of.object, other.object)) expect(opened).toBe('changed')
      else expect(typeof opened).toBe('object')
    }),
    { numRuns: 1_000 },
  )
})

test('with any character changed, cut or added it does not open', () => {
  fc.assert(
    fc.property(bound, fc.nat(), fc.string({ unit: 'binary', minLength: 0, maxLength: 2 }), (of, at, piece) => {
      const seals = new Seals(KEY, LIFETIME)
      const seal = seals.seal(of)
      const place = at % seal.length
      const forged = seal.slice(0, place) + piece + seal.slice(place + 1)
      if (forged !== seal) expect(typeof seals.open(forged, of)).toBe('string')
    }),
    { numRuns: 2_000 },
  )
})

test('any text is no seal', () => {
  const seals = new Seals(KEY, LIFETIME)
  fc.assert(
    fc.property(fc.string({ maxLength: 2_000 }), bound, (text, of) => {
      expect(seals.open(text, of)).toBe('foreign')
    }),
  )
})

test('it opens for ten minutes, and not a millisecond longer', () => {
  let now = 1_800_000_000_000
  const seals = new Seals(KEY, LIFETIME, () => now)
  const of: Bound = { purpose: 'form', call: 'a', object: 'b' }
  const seal = seals.seal(of)
  now += LIFETIME - 1
  expect(seals.open(seal, of)).toMatchObject({ leftMs: 1 })
  now += 1
  expect(seals.open(seal, of)).toBe('expired')
  // Nobody gives it more time.
  const [version, nonce, , ...macs] = seal.split('.')
  expect(seals.open([version, nonce, (now + LIFETIME).toString(36), ...macs].join('.'), of)).toBe('foreign')
})

test('what was used is used, until it would not open any more anyway', async () => {
  let now = 0
  const uses = new OwnUses(() => now)
  expect(await Promise.all([uses.take('a', 10), uses.take('a', 10), uses.take('b', 10)])).toEqual([true, false, true])
  now = 9
  expect(await uses.take('a', 1)).toBe(false)
  now = 10
  expect(await uses.take('a', 1)).toBe(true)
})
