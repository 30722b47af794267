import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Apart from the other tests: the suite needs Node 22 and a package that only .ci/run installs.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: { include: ['test/mcp-conformance/official-suite.ts'], hookTimeout: 180_000 },
})
