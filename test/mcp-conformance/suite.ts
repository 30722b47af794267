import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Revision } from './scenario-groups.ts'

/** What the suite found out about one requirement. */
export interface Check {
  readonly id: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  readonly errorMessage?: string
}

/** The suite's program, from the package of which .ci/run installs the exact version. @throws Error when nobody said */
const toProgram = (): string => {
  const program = process.env.MCP_CONFORMANCE
  if (program === undefined) throw new Error('MCP_CONFORMANCE must name the program of the suite; see .ci/run')
  return program
}

/** Runs everything that a revision requires. @returns the checks of each scenario */
export const runSuite = async (url: string, revision: Revision): Promise<ReadonlyMap<string, readonly Check[]>> => {
  const results = await mkdtemp(join(tmpdir(), 'mcp-conformance-'))
  try {
    await run(['server', '--url', url, '--requirements', revision, '--output-dir', results])
    // A scenario that broke down left a folder without checks: it proved nothing, and did not run.
    const ran = (await readdir(results)).filter((folder) => existsSync(join(results, folder, 'checks.json')))
    const read = ran.map(async (folder) => [toScenario(folder), await readChecks(join(results, folder))] as const)
    return new Map(await Promise.all(read))
  } finally {
    await rm(results, { recursive: true })
  }
}

/** Its exit code says that something failed, which the results say better. @throws Error when it could not run */
const run = (args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [toProgram(), ...args], { maxBuffer: 64 * 1024 * 1024 }, (error) => {
      if (error === null || error.code === 1) resolve()
      else reject(error)
    })
  })

/** The name in `server-NAME-2026-11-27T17-45-11-015Z`. */
const toScenario = (folder: string): string => folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '')

const readChecks = async (folder: string): Promise<readonly Check[]> =>
  JSON.parse(await readFile(join(folder, 'checks.json'), 'utf8')) as readonly Check[]
