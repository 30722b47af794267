import type { Json, Operation } from '../operation.ts'
import { toNumber, toObject, toText } from '../schema/reply-parts.ts'
import { ToolError } from '../tool-error.ts'
import type { Reader } from './reader.ts'

/** How many entries are below a folder, as the list of them counts. @throws ToolError where it cannot be read */
export const deriveBelow = async (
  { entry, entries }: { readonly entry: Operation; readonly entries: Operation },
  input: Json,
  reader: Reader,
): Promise<Json> => {
  const { path } = toObject(await reader.read(entry, { id: input.id }))
  const parent = toText(path)
  const { count } = toObject(await reader.read(entries, { parent, limit: 1 }))
  if (parent === undefined || toNumber(count) === undefined)
    throw new ToolError('PostHog did not say how much is below this entry', { next: 'Look it up in the PostHog app' })
  return { count }
}
