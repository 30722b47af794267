import type { Json } from '../operation.ts'
import { StatusError } from '../status-error.ts'
import { ToolError } from '../tool-error.ts'
import { assemble } from './assemble.ts'
import { toObjects } from './reply-parts.ts'
import type { ReadSnapshot } from './schema-cache.ts'
import { readSchemaReply } from './schema-reply.ts'
import { readSources } from './source-replies.ts'

/** One of the REST calls behind a snapshot: its inputs to the object PostHog answers. @throws ToolError */
export type AskUpstream = (which: 'schema' | 'sources' | 'views', input: Json, signal: AbortSignal) => Promise<Json>

/** Rows of a page of sources, and pages of either list that are read at most. */
const PAGE = 100
const MOST_PAGES = 50

/** What a list gave, and what it did not. */
interface Rows {
  readonly rows: readonly Json[]
  readonly missing: readonly string[]
  readonly isPartial: boolean
}

/** A scope that is missing and a release without the route last; everything else may be over in a moment. */
const isLasting = (error: ToolError): boolean =>
  error instanceof StatusError && (error.status === 403 || error.status === 404)

/**
 * Rows of all pages. Where they cannot be had, or are more than anybody reads, what is missing is said instead: the
 * schema itself is worth having without them.
 */
const allOf = async (what: string, page: (index: number) => Promise<Json>, signal: AbortSignal): Promise<Rows> => {
  const rows: Json[] = []
  try {
    for (let index = 0; index < MOST_PAGES; index += 1) {
      const body = await page(index)
      rows.push(...toObjects(body.results))
      if (typeof body.next !== 'string') return { rows, missing: [], isPartial: false }
    }
  } catch (error) {
    if (!(error instanceof ToolError) || signal.aborted) throw error
    return { rows, missing: [`${what}: ${error.message}`], isPartial: !isLasting(error) }
  }
  return { rows, missing: [`${what}: only the first ${rows.length} were read`], isPartial: false }
}

const UNREADABLE =
  'PostHog answered the question for the schema with something else than tables; a newer release may have changed it'

/** Reads a project's snapshot: the schema, and beside it what the lists of sources and views add. */
export const createSchemaReader =
  (ask: AskUpstream, now: () => number = Date.now): ReadSnapshot =>
  async (project, signal) => {
    const about = { project_id: project }
    const [schema, sources, views] = await Promise.all([
      ask('schema', about, signal),
      allOf(
        'sources and their syncs',
        (page) => ask('sources', { ...about, limit: PAGE, offset: page * PAGE }, signal),
        signal,
      ),
      allOf('runs of views', (page) => ask('views', { ...about, ...(page > 0 && { page: page + 1 }) }, signal), signal),
    ])
    const tables = readSchemaReply(schema)
    if (tables === undefined)
      throw new ToolError(UNREADABLE, {
        next: 'Read tables and views one by one with the tools that list and get them',
      })
    return assemble({
      project,
      tables,
      sources: readSources(sources.rows),
      views: views.rows,
      missing: [...sources.missing, ...views.missing],
      isPartial: sources.isPartial || views.isPartial,
      knowsSources: sources.rows.length > 0 || sources.missing.length === 0,
      takenAt: now(),
    })
  }
