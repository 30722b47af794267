import { z } from 'zod'
import { type Json, operation } from '../src/operation.ts'
import { text } from './fields.ts'

/** Why an export has no file to give (fact sheet: managed 3.4: one 404 for every reason). */
const explain = ({ exception, has_content }: Json, quote: (text: string) => string): string => {
  if (typeof exception === 'string' && exception !== '')
    return `The export failed: ${quote(exception)}. Make a new one in the PostHog app.`
  return has_content === true
    ? 'PostHog says that the export is ready, yet does not find its file. Make a new one in the PostHog app.'
    : 'The export is still being made. Ask again in a minute; large ones take up to half an hour.'
}

const content = operation({
  name: 'exports_content',
  toolset: 'exports',
  title: 'Get an exported file',
  description:
    "The file of a finished export of the key's owner: images and small text as result, the rest into save_to.",
  method: 'GET',
  path: 'exports/{id}/content/',
  documented: ['environments'],
  // Nothing changes in PostHog. What save_to writes is a copy, in a folder that the operator opened for it.
  effect: 'read',
  tier: 'read',
  idempotent: true,
  // The bytes come from the object storage that PostHog points to.
  openWorld: true,
  scopes: ['export:read'],
  keys: 'allowed',
  input: z.strictObject({ id: z.int().min(1), save_to: text.optional().describe('file name in an allowed folder') }),
  reply: { kind: 'file' },
  deadline: 'long',
  storageRedirect: true,
  onMissing: {
    path: 'exports/{id}/',
    explain,
    absent:
      'The export has expired (a table after 7 days, an image or PDF after 180), belongs to somebody else, or never existed. PostHog shows a key only the exports of its owner.',
  },
  leftOut: {
    download: 'Only changes a header that browsers look at.',
    direct: 'Newer PostHog and PNG only; the redirect to storage is followed anyway.',
  },
  deviations: [
    'The documented empty body is the file itself, or a redirect to storage.',
    'A 404 means not ready, failed, expired, of somebody else or absent: exports/{id}/ is read to tell which.',
  ],
})

/** Exported files (fact sheet: managed 3). */
export const exportsOperations = [content]
