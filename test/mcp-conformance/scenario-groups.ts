import { readFileSync } from 'node:fs'

/** The revisions of the protocol that the suite has requirements for. */
export const REVISIONS = ['2025-11-25', '2026-07-28'] as const

export type Revision = (typeof REVISIONS)[number]

/** The scenarios of one revision, sorted by what can be asked of a product. */
export interface Groups {
  /** Pass whole. */
  readonly must: readonly string[]
  /** Pass but for these checks, which only the suite's own tools can meet. */
  readonly checks?: Readonly<Record<string, readonly string[]>>
  /** Pass where the server declares this capability. */
  readonly if: Readonly<Record<string, string>>
  /** Pass, or find nothing to test, for the reason given. */
  readonly optional?: Readonly<Record<string, string>>
  /** Need the tools, resources and prompts that the suite names. */
  readonly fixture: readonly string[]
}

const FILE = new URL('scenarios.json', import.meta.url)
/** The same facts where they were given; there only beside a checkout of the project's own machines. */
export const GIVEN = new URL('../../../shared/conformance/scenarios.json', import.meta.url)

export const readGroups = (file: URL = FILE): Readonly<Record<Revision, Groups>> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<Revision, Groups>

/** Every scenario of a revision that is sorted at all. */
export const namesOf = ({ must, checks = {}, if: given, optional = {}, fixture }: Groups): readonly string[] => [
  ...must,
  ...Object.keys(checks),
  ...Object.keys(given),
  ...Object.keys(optional),
  ...fixture,
]
