import { saying } from '../errors.ts'
import type { ProjectCall, Reply } from '../route.ts'
import { WIZARD } from './wizard-entries.ts'

/** `GET …/wizard/`: the forms by type, all of them or the ones asked for. */
export const showWizard = (call: ProjectCall): Reply => {
  const asked = (call.url.searchParams.get('source_type') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const unknown = asked.filter((name) => !WIZARD.has(name)).sort()
  if (unknown.length > 0) {
    throw saying(`Unknown source_type(s): ${unknown.join(', ')}. Omit source_type to list every available type.`)
  }
  const shown = [...WIZARD].filter(([name]) => asked.length === 0 || asked.includes(name))
  return { status: 200, body: Object.fromEntries(shown), headers: { 'Cache-Control': 'private, max-age=600' } }
}
