import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { complete } from '../../src/schema/completion.ts'
import { nearest } from '../../src/schema/nearest.ts'
import { GROUPS, type Place, parseUri, toTemplate, toUri } from '../../src/schema/resource-uri.ts'

describe('addresses', () => {
  it.each([
    [{ project: 7, group: 'index' }, 'posthog://projects/7/index'],
    [{ project: 7, group: 'tables', name: 'stripe.charge' }, 'posthog://projects/7/tables/stripe.charge'],
    [{ project: 7, group: 'views', name: 'a "b" / c?#%' }, 'posthog://projects/7/views/a%20%22b%22%20%2F%20c%3F%23%25'],
    [{ project: 7, group: 'sources', name: "ü!'()*" }, 'posthog://projects/7/sources/%C3%BC%21%27%28%29%2A'],
  ] as const satisfies readonly (readonly [Place, string])[])('%j is %s', (place, uri) => {
    expect(toUri(place)).toBe(uri)
    expect(parseUri(uri)).toEqual(place)
  })

  it('survive the round trip, whatever the name', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_147_483_647 }),
        fc.constantFrom(...GROUPS),
        fc.string({ minLength: 1, unit: 'grapheme' }),
        (project, group, name) => {
          const place = { project, group, name: name.toWellFormed() }
          expect(parseUri(toUri({ project, group, name }))).toEqual(place)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are what a client makes of the template', () => {
    const filled = toTemplate('tables').replace('{project_id}', '7').replace('{name}', encodeURIComponent('a b/c'))
    expect(filled).toBe(toUri({ project: 7, group: 'tables', name: 'a b/c' }))
    // Encoded less or more, it is the same place.
    expect(parseUri('posthog://projects/7/tables/%61!')).toEqual({ project: 7, group: 'tables', name: 'a!' })
  })

  it.each([
    '',
    'posthog://projects/7',
    'posthog://projects/0/index',
    'posthog://projects/7/index/x',
    'posthog://projects/7/tables',
    'posthog://projects/7/tables/',
    'posthog://projects/7/tables/a/b',
    'posthog://projects/7/tables/a?b',
    'posthog://projects/7/tables/%',
    'posthog://projects/7/tables/%ff',
    'posthog://projects/7/secrets/a',
    'posthog://projects/-7/tables/a',
    'posthog://projects/99999999999/tables/a',
    'https://projects/7/tables/a',
    'file:///etc/passwd',
  ])('%s is none', (uri) => {
    expect(parseUri(uri)).toBeUndefined()
  })
})

describe('completion', () => {
  const names = ['orders', 'Order_items', 'my_orders', 'customers']

  it('offers what begins with the text first, then what contains it', () => {
    expect(complete('order', names).values).toEqual(['orders', 'Order_items', 'my_orders'])
    expect(complete('', names)).toEqual({ values: names, total: 4, hasMore: false })
    expect(complete('zzz', names)).toEqual({ values: [], total: 0, hasMore: false })
  })

  it('sends a hundred, and says that there are more', () => {
    const many = Array.from({ length: 101 }, (_, at) => `t${at}`)
    expect(complete('t', many)).toEqual({ values: many.slice(0, 100), total: 101, hasMore: true })
    expect(complete('t', many.slice(1)).hasMore).toBe(false)
  })
})

describe('names like a wrong one', () => {
  const names = ['orders', 'customers', 'stripe.charge', 'events', 'persons', 'daily_revenue']

  it.each([
    ['ordrs', ['orders']],
    ['ORDERS', ['orders']],
    ['charge', ['stripe.charge']],
    ['customer', ['customers']],
    ['revenue', ['daily_revenue']],
    ['qqqqqqqq', []],
  ])('%s', (wrong, expected) => {
    expect(nearest(wrong, names).slice(0, 1)).toEqual(expected)
  })
})
