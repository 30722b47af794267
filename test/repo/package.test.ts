import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8')
const own = JSON.parse(read('package.json')) as {
  readonly bin: Readonly<Record<string, string>>
  readonly publishConfig: object
}

/** What `npm publish` would send, as it is built now. */
const packed = (): ReadonlySet<string> => {
  const printed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = JSON.parse(printed) as [{ readonly files: readonly { readonly path: string }[] }]
  return new Set(files.map(({ path }) => path))
}

const files = packed()

/** The files a compiled one loads, now, later or as a process of its own; a path through `dist` is for the sources. */
const importsOf = (path: string): readonly string[] =>
  [...read(path).matchAll(/['"](\.{1,2}\/(?!\S*dist\/)[\w./-]+\.js)['"]/g)].map(([, to = '']) =>
    posix.join(posix.dirname(path), to),
  )

test('the program that is published has every file it loads', () => {
  const seen = new Set(Object.values(own.bin))
  expect(seen.size).toBe(1)
  for (const path of seen) {
    expect(files, path).toContain(path)
    for (const loaded of importsOf(path)) seen.add(loaded)
  }
  expect(seen.size).toBeGreaterThan(300)
})

test('and nothing but the program, its documents and its licence', () => {
  for (const path of files)
    expect(path).toMatch(
      /^(dist\/(src|tools)\/[\w/-]+\.js|docs\/[\w-]+\.md|(README|SECURITY)\.md|LICENSE|package\.json)$/,
    )
})

test('its documents lead to no file that is not there', () => {
  const links = [...files]
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, to = '']) =>
        posix.join(posix.dirname(path), to),
      ),
    )
  expect(links.length).toBeGreaterThan(20)
  expect(links.filter((to) => !files.has(to))).toEqual([])
})

test('it is published for everybody, with the proof of where it was built', () => {
  expect(own.publishConfig).toEqual({ access: 'public', provenance: true })
})
