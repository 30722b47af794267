import type { ApiKey } from '../keys.ts'
import type { Project } from '../seed.ts'
import { accessLevel } from '../table-shape.ts'
import type { World } from '../world.ts'
import type { ExportRecord } from './export-state.ts'
import { formatOf } from './formats.ts'

const LOST_AFTER_MS = 630_000

const LOST =
  'Export failed without throwing an exception. Please try to rerun this export and contact support if it fails to complete multiple times.'

/** Lower-case ASCII words with hyphens between them. */
const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[^\w\s-]/g, '')
    .toLowerCase()
    .trim()
    .replace(/[-\s]+/g, '-')
    .replace(/^[-_]+|[-_]+$/g, '')

/** Such as `stripe-customers-2026-09-02-101112.csv`, in UTC. */
export const filenameOf = ({ context, createdAt, format }: ExportRecord): string => {
  const { filename } = context
  const name = typeof filename === 'string' && filename !== '' ? slug(filename) : 'export'
  const [day, time] = createdAt.split('T')
  return `${name}-${day}-${time?.slice(0, 8).replaceAll(':', '')}.${formatOf(format)?.extension}`
}

/** An export that a crash left without an outcome tells so when it is read (fact sheet: files-exports 3.3). */
const exceptionOf = (world: World, row: ExportRecord): string | null => {
  const isLost = !row.hasContent && world.clock() - Date.parse(row.createdAt) > LOST_AFTER_MS
  return row.exception ?? (isLost ? LOST : null)
}

/** An export as the API shows it (fact sheet: files-exports 3.1). */
export const toExport = (
  world: World,
  row: ExportRecord,
  key: ApiKey,
  project: Project,
): Readonly<Record<string, unknown>> => ({
  id: row.id,
  dashboard: null,
  insight: null,
  export_format: row.format,
  created_at: row.createdAt,
  has_content: row.hasContent,
  export_context: row.context,
  filename: filenameOf(row),
  expires_after: row.expiresAfter,
  exception: exceptionOf(world, row),
  ...(world.editions.warehouse === 'N' && { user_access_level: accessLevel(key, project, row.createdBy) }),
})
