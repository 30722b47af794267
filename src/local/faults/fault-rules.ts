import { z } from 'zod'

// Deliberate trouble for tests: a rule says which call gets it, and what it gets.
const rule = z
  .strictObject({
    /** Any method when left out. */
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']).optional(),
    /** Path below the origin; `*` stands for a part of a segment, `**` for any number of segments. */
    path: z.string().startsWith('/'),
    /** The first matching call that is hit; 1 when left out. */
    nth: z.int().min(1).default(1),
    /** How many calls are hit from there on; null is all of them. */
    times: z.int().min(1).nullable().default(1),
    /** Whether the operation is carried out before its answer is replaced; a cut answer always is. */
    carried_out: z.boolean().default(false),
    delay_ms: z.int().min(0).max(600_000).default(0),
    status: z.int().min(200).max(599).optional(),
    /** What a `status` is sent with; PostHog's error shape when left out. */
    body: z.enum(['standard', 'empty', 'html']).optional(),
    /** Whole seconds, for the header. */
    retry_after: z.int().min(0).optional(),
    /** Instead of a status: a connection reset, half of the JSON, noise, or 50 MB of JSON. */
    reply: z.enum(['reset', 'truncated', 'garbage', 'flood']).optional(),
  })
  .refine(({ status, reply }) => status === undefined || reply === undefined, 'status and reply exclude each other')
  .refine(({ status, body, retry_after }) => status !== undefined || (body ?? retry_after) === undefined, {
    message: 'body and retry_after need a status',
  })
  .refine(({ status, reply, delay_ms }) => status !== undefined || reply !== undefined || delay_ms > 0, {
    message: 'a fault needs a status, a reply or a delay_ms',
  })

const rules = z.strictObject({ faults: z.array(rule) })

/** One checked rule; times are milliseconds. */
export type FaultRule = z.infer<typeof rule>

/** Rules from a file or a request. Throws an Error with one sentence that says where it is wrong. */
export const readFaults = (value: unknown): readonly FaultRule[] => {
  const { data, error } = rules.safeParse(value)
  if (error === undefined) return data.faults
  const [issue] = error.issues
  throw new Error(`The faults are not usable: ${issue?.path.join('.') || 'faults'}: ${issue?.message ?? 'wrong'}.`)
}

/** Whether a path is meant by a pattern; a slash at the end counts for nothing. */
export const matchesPath = (pattern: string, path: string): boolean => {
  const source = pattern
    .replace(/\/$/, '')
    .split(/(\/\*\*|\*)/)
    .map((part) => (part === '/**' ? '(/.*)?' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
    .join('')
  return new RegExp(`^${source}$`).test(path.replace(/\/$/, ''))
}
