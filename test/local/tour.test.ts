import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('the tour shows real rows, one failing call, and configuration for four clients', async () => {
  const tour = fileURLToPath(new URL('../../dist/docs/tour.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [tour])
  expect(stdout).toContain('Connected over stdio: 54 tools.')
  // Sums of the shipped sample, which never change.
  expect(stdout).toMatch(/US\s+112\s+11274\.13/)
  expect(stdout).toContain('Unable to resolve field: prize')
  for (const client of ['Claude Desktop', 'Claude Code', 'Cursor', 'VS Code']) expect(stdout).toContain(client)
})
