import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

// `npm ci` refuses a lockfile that lacks another platform's optional package, and npm leaves those out of a lockfile
// it writes where the registry does not have them. They are added by hand then: version, os, cpu, `optional`.
it('every optional package of every platform is in the lockfile', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const wanted = Object.entries(packages).flatMap(([at, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).map((name) => ({ at, name })),
  )
  const missing = wanted.filter(
    ({ at, name }) =>
      packages[`node_modules/${name}`] === undefined && packages[`${at}/node_modules/${name}`] === undefined,
  )
  expect(wanted.length).toBeGreaterThan(40)
  expect(missing).toEqual([])
})
