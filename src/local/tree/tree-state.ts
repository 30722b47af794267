import { PROJECTS, SEEDED_AT } from '../seed.ts'

/** One row of the project tree. Rows are flat: a folder is a row whose path others begin with. */
export interface FileRecord {
  readonly id: string
  readonly project: number
  readonly createdBy: number | null
  readonly createdAt: string
  path: string
  depth: number
  type: string
  ref: string | null
  href: string | null
  meta: unknown
  shortcut: boolean | null
}

/** An object that rows can name, such as a dashboard; the tree needs no more of it than this. */
export interface ObjectRecord {
  readonly type: string
  readonly ref: string
  readonly project: number
  readonly name: string
  readonly createdBy: number
  readonly createdAt: string
  deleted: boolean
}

/** When a person last looked at an object. */
export interface ViewedRecord {
  readonly user: number
  readonly project: number
  readonly type: string
  readonly ref: string
  readonly viewedAt: string
}

/** What the tree remembers. Oldest first. */
export interface TreeState {
  readonly files: FileRecord[]
  readonly objects: ObjectRecord[]
  readonly viewed: ViewedRecord[]
}

const SEEDS: readonly (readonly [type: string, ref: string, name: string])[] = [
  ['dashboard', '1', 'Product overview'],
  ['dashboard', '2', 'Revenue'],
  ['insight', 'kPq3wZ8a', 'Weekly sign-ups'],
  ['insight', 'tR7mB2xd', 'Churn by plan'],
  ['notebook', 'nB4kQ9zL', 'Q3/Q4 research'],
  ['feature_flag', '1', 'new-checkout'],
  ['cohort', '1', 'Paying customers'],
  ['survey', '0194d643-0000-7000-8000-000000000001', 'How did you find us?'],
  ['hog_function/destination', '0194d643-0000-7000-8000-000000000002', 'Alerts to chat'],
]

/** A tree without rows; the first project has a few objects that are not filed yet. */
export const emptyTreeState = (): TreeState => ({
  files: [],
  objects: SEEDS.map(([type, ref, name]) => ({
    type,
    ref,
    name,
    project: PROJECTS[0]?.id ?? 0,
    createdBy: 1,
    createdAt: SEEDED_AT,
    deleted: false,
  })),
  viewed: [],
})
