import { readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { facts } from '../catalogue/facts.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort()

interface Import {
  readonly from: string
  /** A package's name, or a file of the repository. */
  readonly to: string
  readonly typeOnly: boolean
  /** What is taken, as written. */
  readonly names: string
}

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8')
/** The file without its comments, roughly: enough to look for words of the language. */
const codeOf = (file: string) => textOf(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')

const importsOf = (file: string): readonly Import[] => {
  const found = textOf(file).matchAll(
    /^(?:import|export)\b\s*(type\b)?([^'";=()]*?)\bfrom '([^']+)'|(?:^import |\bimport\(\s*)'([^']+)'/gm,
  )
  return [...found].map(([, type, names = '', to, dynamic]) => {
    const target = to ?? dynamic ?? ''
    return {
      from: file,
      to: target.startsWith('.') ? relative(ROOT, join(ROOT, dirname(file), target)) : target,
      typeOnly: type !== undefined,
      names: names.replace(/\s+/g, ' '),
    }
  })
}

const src = filesOf('src')
const tools = filesOf('tools')
const bench = filesOf('bench')
const local = src.filter((file) => file.startsWith('src/local/'))
const core = src.filter((file) => !file.startsWith('src/local/') && !file.startsWith('src/tour/'))
const all = [...src, ...tools, ...bench].flatMap(importsOf)
const wrong = (some: readonly Import[]) => some.map(({ from, to }) => `${from} → ${to}`)

test('the reader of imports sees what there is', () => {
  expect(src.length).toBeGreaterThan(60)
  expect(tools.length).toBeGreaterThan(10)
  expect(local.length).toBeGreaterThan(30)
  expect(all.length).toBeGreaterThan(300)
  // Every file it may be wrong about is read: each relative import is a file that exists.
  const known = new Set([...src, ...tools, ...bench])
  const relatives = all.filter(({ to }) => /^(src|tools|bench)\//.test(to))
  expect(relatives.length).toBeGreaterThan(200)
  expect(relatives.filter(({ to }) => !known.has(to)).map(({ from, to }) => `${from} → ${to}`)).toEqual([])
})

describe('who may import whom', () => {
  test('tools/ is data: zod, its own parts, and the record type', () => {
    const imports = tools.flatMap(importsOf)
    expect(imports.length).toBeGreaterThan(40)
    const others = imports.filter(({ to }) => to !== 'zod' && !to.startsWith('tools/'))
    expect(wrong(others.filter(({ to }) => !/^src\/(operation|question|loss|derivation)\.ts$/.test(to)))).toEqual([])
    const values = others
      .filter(({ typeOnly }) => !typeOnly)
      .flatMap(({ names }) => names.replace(/[{}]/g, '').split(','))
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '))
    expect([...new Set(values)].sort()).toEqual(['operation', 'question'])
  })

  test('only main.ts reads the catalogue (and the scripts that measure and document it)', () => {
    const readers = all.filter(({ to, from }) => to.startsWith('tools/') && !from.startsWith('tools/'))
    expect(readers.map(({ from }) => from)).toContain('src/main.ts')
    expect(wrong(readers.filter(({ from }) => from !== 'src/main.ts' && !from.startsWith('bench/')))).toEqual([])
    expect(readers.filter(({ to }) => to !== 'tools/index.ts')).toEqual([])
  })

  test('nothing imports main.ts', () => {
    expect(wrong(all.filter(({ to }) => to === 'src/main.ts'))).toEqual([])
  })

  test('the local warehouse knows nothing of the server, nor of the catalogue', () => {
    const out = local.flatMap(importsOf).filter(({ to }) => /^(src|tools|bench|test)\//.test(to))
    expect(out.length).toBeGreaterThan(60)
    expect(wrong(out.filter(({ to }) => !to.startsWith('src/local/')))).toEqual([])
  })

  test('only main.ts starts the local warehouse', () => {
    const into = all.filter(({ from, to }) => to.startsWith('src/local/') && !from.startsWith('src/local/'))
    expect(wrong(into)).toEqual(['src/main.ts → src/local/start.ts'])
  })

  test('only src/http talks HTTP', () => {
    const users = core
      .flatMap(importsOf)
      .filter(({ to }) => /^(undici|(node:)?(https?|net|tls|dns)(\/promises)?)$/.test(to))
    expect(users.some(({ to }) => to === 'undici')).toBe(true)
    // The listener is served to, and closes its port in its own way.
    const listener = users.filter(({ from, to }) => from === 'src/transports/http/listener.ts' && to === 'node:net')
    const others = users.filter((user) => !listener.includes(user))
    expect(wrong(others.filter(({ from, typeOnly }) => !from.startsWith('src/http/') && !typeOnly))).toEqual([])
    const fetching = core.filter((file) => /(?<![.\w])fetch\(/.test(codeOf(file)) && !file.startsWith('src/http/'))
    expect(fetching).toEqual([])
  })

  test('only the server and its transports know the protocol', () => {
    const users = core.flatMap(importsOf).filter(({ to }) => to.startsWith('@modelcontextprotocol/'))
    expect(users.length).toBeGreaterThan(1)
    expect(
      wrong(
        users.filter(
          ({ from, to }) =>
            !/^@modelcontextprotocol\/server/.test(to) || !/^src\/(server(\.ts|\/)|transports\/)/.test(from),
        ),
      ),
    ).toEqual([])
  })

  test('the pure parts do no input or output', () => {
    const pure = [
      'body',
      'catalogue',
      'failure',
      'input',
      'json-schema',
      'operation',
      'redact',
      'request',
      'shape',
      'surface',
    ]
    const imports = pure.flatMap((name) => importsOf(`src/${name}.ts`))
    expect(imports.length).toBeGreaterThan(15)
    expect(
      wrong(
        imports.filter(
          ({ to }) => /^(node:|undici|src\/(http|files|send|log))/.test(to) && !to.startsWith('src/http/failure'),
        ),
      ),
    ).toEqual([])
  })

  test('what runs is a dependency, what only tests is not', () => {
    const { dependencies, peerDependencies } = JSON.parse(textOf('package.json')) as {
      dependencies: Record<string, string>
      peerDependencies: Record<string, string>
    }
    const allowed = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)])
    const shipped = [...core, ...local, ...tools].flatMap(importsOf)
    const packages = shipped
      .map(({ to }) => to)
      .filter((to) => !/^(node:|src\/|tools\/|package\.json)/.test(to))
      .map((to) => /^(@[^/]+\/[^/]+|[^/]+)/.exec(to)?.[1] ?? to)
    expect(new Set(packages).size).toBeGreaterThan(5)
    expect([...new Set(packages)].filter((name) => !allowed.has(name))).toEqual([])
  })
})

describe('what a file may say', () => {
  test('the machinery names no operation', () => {
    const named = core
      .filter((file) => !file.startsWith('src/docs'))
      .flatMap((file) => {
        const text = textOf(file)
        return facts.filter(({ tool }) => new RegExp(`\\b${tool}\\b`).test(text)).map(({ tool }) => `${file}: ${tool}`)
      })
    expect(core.length).toBeGreaterThan(30)
    expect(facts).toHaveLength(54)
    expect(named).toEqual([])
  })

  test('settings are read in one place', () => {
    const readers = core.filter((file) => /\bprocess\.(env|argv)\b/.test(codeOf(file)))
    expect(readers).toEqual(['src/main.ts'])
  })

  test('stdout belongs to the protocol', () => {
    const writers = core.filter((file) => /\bconsole\.|process\.stdout\.write/.test(codeOf(file)))
    // main.ts prints the address of `local`, which is no protocol.
    expect(writers).toEqual(['src/main.ts'])
  })

  test('files are short, and named for what is in them', () => {
    const files = [...src, ...tools, ...bench]
    for (const file of files) {
      expect(textOf(file).trimEnd().split('\n').length, file).toBeLessThanOrEqual(250)
      expect(file).toMatch(/^[a-z]+(\/[a-z]+(-[a-z]+)*)*\/[a-z]+(-[a-z]+)*\.ts$/)
      expect(file).not.toMatch(/utils?\b|helpers?\b|misc\b/)
    }
    expect(files.length).toBeGreaterThan(75)
  })

  test('no any, no default exports, no silenced checks', () => {
    for (const file of [...src, ...tools, ...bench]) {
      const code = codeOf(file)
      expect(code, file).not.toMatch(/:\s*any\b|\bas any\b|<any>|any\[\]/)
      expect(code, file).not.toMatch(/^export default/m)
      expect(textOf(file), file).not.toMatch(/@ts-(ignore|nocheck|expect-error)/)
      // One that silences a rule says why.
      expect(textOf(file), file).not.toMatch(/biome-ignore [\w/]+(?!.*: \w+ \w+ \w+)/)
    }
  })

  test('no path of anybody’s machine', () => {
    const files = [...src, ...tools, ...bench, ...filesOf('test')]
    // The folder this checkout happens to be in, and the home of whoever runs it.
    const places = [ROOT, `${homedir()}/`].filter((place) => place.length > 3)
    expect(places.length).toBeGreaterThan(0)
    const known = (file: string) => places.some((place) => textOf(file).includes(place))
    expect(files.filter(known)).toEqual([])
  })
})
