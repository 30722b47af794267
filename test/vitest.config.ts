import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/**
 * `npm test` takes what a newcomer waits for. Suites that take a while on purpose, by load, by kills or by a database, are
 * named `*.long.test.ts`: `npm run test:long` runs them, which is mode `long`.
 */
export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: mode === 'long' ? ['test/**/*.long.test.ts'] : ['test/**/*.test.ts'],
    exclude: mode === 'long' ? [] : ['**/*.long.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores: a third worker only makes the spawned binaries and the engine slower.
    maxWorkers: 2,
  },
}))
