import type { Json, Operation } from '../operation.ts'
import { toObject, toText } from '../schema/reply-parts.ts'
import type { Reader } from './reader.ts'

/** Of a view's runs the last one, which the view itself tells of. @throws ToolError where the view cannot be read */
export const deriveLastRun = async (
  { view }: { readonly view: Operation },
  input: Json,
  reader: Reader,
): Promise<Json> => {
  const { last_run_at: timestamp, status } = toObject(await reader.read(view, { id: input.id }))
  reader.lacks('runs before the last one')
  if (toText(timestamp) === undefined) return { run_history: [] }
  // Of a view that was edited since.
  return { run_history: [status === 'Modified' ? { timestamp } : { status, timestamp }] }
}
