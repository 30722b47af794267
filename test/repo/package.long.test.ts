import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

test('what is published is built anew: nothing that was left from before goes along', () => {
  const copy = mkdtempSync(join(tmpdir(), 'package-'))
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
  for (const name of ['package.json', 'tsconfig.json', 'src', 'tools', 'bench', 'docs'])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  mkdirSync(join(copy, 'dist/src'), { recursive: true })
  const left = join(copy, 'dist/src/left.js')
  writeFileSync(left, 'export const SECRET = 1\n')
  execFileSync('npm', ['run', '--silent', 'prepublishOnly'], { cwd: copy, stdio: 'ignore' })
  expect(existsSync(left)).toBe(false)
  const version = execFileSync(process.execPath, ['dist/src/main.js', '--version'], { cwd: copy, encoding: 'utf8' })
  expect(version).toMatch(/^\d+\.\d+\.\d+\n$/)
}, 180_000)
