import { describe, expect, test } from 'vitest'
import { toReplyError, toTransportError } from '../../src/failure.ts'
import { type Executed, type FailureKind, HttpFailure } from '../../src/http/client.ts'
import { createRedactor } from '../../src/redact.ts'
import { operations } from '../../tools/index.ts'

const callOf = (name: string, origin = 'https://us.posthog.com') => {
  const operation = operations.find((one) => one.name === name)
  if (operation === undefined) throw new Error(`no operation ${name}`)
  return { operation, input: {}, project: 7, origin, listTool: undefined, redactor: createRedactor([]) }
}

describe('a refused key', () => {
  test.each([
    [
      'https://us.posthog.com',
      ' The key may also belong to the other region: then set POSTHOG_HOST=https://eu.posthog.com.',
    ],
    [
      'https://eu.posthog.com',
      ' The key may also belong to the other region: then set POSTHOG_HOST=https://us.posthog.com.',
    ],
    ['https://posthog.example.com', ''],
  ])('of %s', (origin, region) => {
    const error = toReplyError(callOf('warehouse_tables_list', origin), { status: 401 }, { kind: 'empty' })
    expect(error.next).toBe(
      `Check POSTHOG_PERSONAL_API_KEY; make a personal API key (phx_…) at ${origin}/settings/user-api-keys.${region}`,
    )
  })
})

describe('no reply', () => {
  const told = (name: string, kind: FailureKind, executed: Executed) =>
    toTransportError(callOf(name), new HttpFailure({ kind, executed, message: 'It failed.' }))
      .text.split('\n')
      .slice(1)
  const NOTHING = 'Nothing was changed.'
  const UNKNOWN = 'It is not known whether the change was carried out.'
  const LOOK = 'Do not repeat it blindly; look first with warehouse_tables_get.'
  const SETTINGS =
    'Check POSTHOG_HOST (now https://us.posthog.com), the network and the proxy settings, then call again.'
  const LESS = 'Ask for less: a smaller limit, a narrower search, or one object instead of a list.'

  const KINDS: readonly (readonly [FailureKind, Executed, string, string, string])[] = [
    ['timeout', 'unknown', 'Call again in a moment.', UNKNOWN, LOOK],
    ['cancelled', 'unknown', 'Call again if it is still wanted.', UNKNOWN, LOOK],
    ['cancelled', 'no', 'Call again if it is still wanted.', NOTHING, 'Call again if it is still wanted.'],
    ['closed', 'unknown', 'Call again in a moment.', UNKNOWN, LOOK],
    ['busy', 'no', 'Call again in a moment.', NOTHING, 'Call again in a moment.'],
    ['unreachable', 'no', SETTINGS, NOTHING, SETTINGS],
    ['tls', 'no', SETTINGS, NOTHING, SETTINGS],
    ['reset', 'unknown', 'Call again in a moment.', UNKNOWN, LOOK],
    ['bad_reply', 'unknown', 'Call again in a moment.', UNKNOWN, LOOK],
    ['too_large', 'unknown', LESS, UNKNOWN, LOOK],
    ['unreadable', 'no', 'Call again in a moment.', NOTHING, 'Call again in a moment.'],
  ]

  test.each(KINDS)('%s, executed: %s', (kind, executed, readNext, changed, writeNext) => {
    expect(told('warehouse_tables_get', kind, executed)).toEqual([NOTHING, readNext])
    expect(told('warehouse_tables_delete', kind, executed)).toEqual([changed, writeNext])
  })

  test('every write of unknown outcome names its check, and that check is a read', () => {
    const writes = operations.filter(({ effect }) => effect !== 'read')
    for (const { name, check } of writes) {
      const [, next = ''] = told(name, 'reset', 'unknown')
      expect(next).toContain(`look first with ${check}`)
      expect(operations.find((one) => one.name === check)?.effect).toBe('read')
    }
    expect(writes.length).toBeGreaterThan(20)
  })
})
