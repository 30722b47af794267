import { isDestruction, posthog } from '../confirm/destroys.ts'
import type { Recorded, Recorder, Script } from './recorder.ts'

/** Answers what is looked up before anything is destroyed; from the destroying request on, the script answers. */
export const shown = (script: Script, found: Script = posthog()): Script => {
  let isShown = false
  return (request) => {
    isShown ||= isDestruction(request)
    return isShown ? script(request) : found(request)
  }
}

/** What arrived from the destroying request on: nothing where there was none. */
export const behindLooks = (requests: readonly Recorded[]): readonly Recorded[] => {
  const at = requests.findIndex(isDestruction)
  return at < 0 ? [] : requests.slice(at)
}

/** Resolves with the index of the destroying request, once it has arrived. */
export const destruction = async (upstream: Pick<Recorder, 'arrived'>): Promise<number> => {
  for (let index = 0; ; index += 1) if (isDestruction(await upstream.arrived(index))) return index
}
