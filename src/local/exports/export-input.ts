import { invalid } from '../errors.ts'
import { type Body, isObject, notChoice, nullish, required } from '../fields.ts'
import { formatOf, isVideo } from './formats.ts'

/** A valid request for an export that can be made here. */
export interface ExportInput {
  readonly format: string
  readonly context: Body
}

const NO_SUBJECT = 'Either dashboard, insight or export_context is required for an export.'

const readSubject = (value: unknown, attr: string): number | null => {
  if (value === undefined || value === null) return null
  const id = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof id === 'number' && Number.isInteger(id)) return id
  const kind = typeof value === 'object' ? (Array.isArray(value) ? 'list' : 'dict') : 'str'
  throw invalid(`Incorrect type. Expected pk value, received ${kind}.`, attr, 'incorrect_type')
}

const readFormat = (value: unknown): string => {
  if (value === undefined) throw required('export_format')
  if (value === null) throw nullish('export_format')
  if (formatOf(value) === undefined) throw notChoice(value, 'export_format')
  return String(value)
}

/** What Python counts as no context at all. */
const isEmpty = (context: unknown): boolean =>
  !context || (typeof context === 'object' && Object.keys(context).length === 0)

const checkVideo = (format: string, context: unknown): void => {
  if (!isVideo(format)) return
  if (!isObject(context) || isEmpty(context.session_recording_id)) {
    throw invalid('Video export supports session recordings only.', 'export_format')
  }
  throw invalid('The local warehouse has no session recordings; PostHog has.', 'export_context')
}

/** What PostHog can export and the local warehouse cannot. */
const checkLocal = (format: string, context: unknown): Body => {
  if (isObject(context) && !isEmpty(context.heatmap_url)) {
    throw invalid('heatmap_url not allowed: the local warehouse opens no web pages.', 'export_context')
  }
  if (formatOf(format)?.write === undefined) {
    throw invalid(`The local warehouse does not write ${format}; PostHog does.`, 'export_format')
  }
  if (isObject(context) && isObject(context.source)) return context
  throw invalid(
    'The local warehouse exports the results of queries only: export_context.source must be a HogQLQuery.',
    'export_context',
  )
}

/**
 * Reads the body of a new export. The local warehouse has no dashboards and insights to draw, so every id of one is
 * somebody else's. Throws the 400s of fact sheet: files-exports 3.2, in its order.
 */
export const readExport = (body: Body): ExportInput => {
  const dashboard = readSubject(body.dashboard, 'dashboard')
  const insight = readSubject(body.insight, 'insight')
  const format = readFormat(body.export_format)
  if (dashboard === null && insight === null && isEmpty(body.export_context)) throw invalid(NO_SUBJECT)
  if (dashboard !== null) throw invalid('This dashboard does not belong to your team.', 'dashboard')
  if (insight !== null) throw invalid('This insight does not belong to your team.', 'insight')
  checkVideo(format, body.export_context)
  return { format, context: checkLocal(format, body.export_context) }
}
