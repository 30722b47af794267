import type { CallHooks } from '../../src/call.ts'

/** Hooks of a call path whose questions and reports nobody wants. */
export const noHooks: CallHooks = {
  report: () => undefined,
  answer: () => Promise.reject(new Error('no question was expected')),
  wrote: () => undefined,
}
