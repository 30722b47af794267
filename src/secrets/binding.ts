/** Where a secret may go: a kind of target, and for one with an address that address alone. */
export interface Binding {
  /** A source type as PostHog spells it, or the word of a record, such as `Table`. */
  readonly type: string
  /** In lower case; absent for a type that has no address of its own, such as a SaaS. */
  readonly host: string | undefined
  readonly port: string | undefined
  /** The first part of the path, for addresses that many share. */
  readonly bucket: string | undefined
}

/** An address that a call would send a secret to. */
export interface Address {
  readonly host: string
  readonly port: string | undefined
  readonly bucket: string | undefined
}

const BINDING = /^([A-Za-z]\w{0,63})(?:@(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?(?:\/([^\s/,]+))?)?$/i

/**
 * Reads `Postgres@db.acme.com:5432, Stripe, Table@s3.eu-west-1.amazonaws.com/acme`.
 * @throws RangeError that says what is wrong; a binding is no secret
 */
export const readBindings = (text: string): readonly Binding[] => {
  const parts = text
    .split(/[,\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (parts.length === 0) throw new RangeError('says nothing; it is such as Postgres@db.acme.com')
  return parts.map((part) => {
    const [, type, host, port, bucket] = BINDING.exec(part) ?? []
    if (type === undefined || host?.endsWith('.'))
      throw new RangeError(`${part} is no source type and host, such as Postgres@db.acme.com or Stripe`)
    return { type, host: host?.toLowerCase(), port, bucket }
  })
}

/** A binding as an operator writes it. */
export const sayBinding = ({ type, host, port, bucket }: Binding): string =>
  `${type}${host === undefined ? '' : `@${host}`}${port === undefined ? '' : `:${port}`}${bucket === undefined ? '' : `/${bucket}`}`

/** Whether a secret bound so may go to that address of such a target. */
export const allows = (binding: Binding, type: string, address: Address): boolean =>
  binding.type === type &&
  binding.host === address.host &&
  (binding.port === undefined || binding.port === address.port) &&
  (binding.bucket === undefined || binding.bucket === address.bucket)
