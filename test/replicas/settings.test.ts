import { expect, test } from 'vitest'
import { ConfigError } from '../../src/command-line.ts'
import { readConfig } from '../../src/config.ts'

const read = (flags: readonly string[], env: Record<string, string>) => readConfig(['http', ...flags], env, '0.0.0')
const MCP_SEALING_KEY = 'x'.repeat(32)
const REDIS_URL = 'redis://user:very-secret-word@redis.example.com:6379/2'
const advertise = ['--advertise', 'http://10.0.0.5:8011']

test('replicas are told where Redis is, and where they are', () => {
  expect(read(advertise, { REDIS_URL, MCP_SEALING_KEY }).http?.replicas).toEqual({
    redisUrl: REDIS_URL,
    advertise: 'http://10.0.0.5:8011',
  })
  expect(read([], {}).http?.replicas).toBeUndefined()
})

test.each<[string, readonly string[], Record<string, string>, RegExp]>([
  ['Redis alone', [], { REDIS_URL }, /REDIS_URL needs --advertise/],
  ['Redis and no key', advertise, { REDIS_URL }, /REDIS_URL needs MCP_SEALING_KEY/],
  ['a short key', advertise, { REDIS_URL, MCP_SEALING_KEY: 'very-secret-word' }, /MCP_SEALING_KEY is shorter/],
  ['a key alone', [], { MCP_SEALING_KEY }, /MCP_SEALING_KEY is for several replicas and needs REDIS_URL/],
  ['an address alone', advertise, {}, /--advertise goes with REDIS_URL/],
  ['no Redis', advertise, { REDIS_URL: 'http://very-secret-word@redis' }, /REDIS_URL is not an address/],
  ['half a Redis', advertise, { REDIS_URL: 'redis://very-secret-word@:x' }, /REDIS_URL is not an address/],
])('what does not go together is said, without a secret: %s', (_case, flags, env, message) => {
  const attempt = () => read(flags, env)
  expect(attempt).toThrow(ConfigError)
  expect(attempt).toThrow(message)
  expect(attempt).not.toThrow(/very-secret-word/)
})
