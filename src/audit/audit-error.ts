/** Why nothing can be written down; for the operator. */
export class AuditError extends Error {}

/** The system's word for what went wrong, such as `ENOSPC`. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
