import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { World } from '../world.ts'
import { readContent } from './export-files.ts'

/** Where the storage is on the origin of the API; it takes signed addresses and no keys. */
export const STORAGE_PATH = '/_storage/exports/:id'

const LIFE_MS = 3_600_000

interface File {
  readonly id: number
  readonly type: string
  /** The value of the header, for a download. */
  readonly disposition?: string
}

const refuse = (status: number, code: string, message: string): Response =>
  new Response(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    { status, headers: { 'content-type': 'application/xml' } },
  )

/** Stands for the object storage behind PostHog: whoever has an address has the file, for an hour. */
export class ExportStorage {
  readonly #world: World
  // Addresses are for at once, so they need not outlive the process.
  readonly #secret = randomBytes(32)

  constructor(world: World) {
    this.#world = world
  }

  /** A signed address of a file on `origin`. */
  sign(origin: string, { id, type, disposition }: File): string {
    const url = new URL(STORAGE_PATH.replace(':id', String(id)), origin)
    url.searchParams.set('expires', String(Math.floor((this.#world.clock() + LIFE_MS) / 1000)))
    url.searchParams.set('response-content-type', type)
    if (disposition !== undefined) url.searchParams.set('response-content-disposition', disposition)
    url.searchParams.set('signature', this.#signatureOf(url))
    return url.href
  }

  /** Serves a signed address; like S3 it answers in XML and refuses a second way of saying who is asking. */
  async serve(request: Request): Promise<Response> {
    const url = new URL(request.url)
    if (request.headers.has('authorization')) {
      return refuse(400, 'InvalidArgument', 'Only one auth mechanism allowed')
    }
    if (!this.#isSigned(url)) return refuse(403, 'SignatureDoesNotMatch', 'The signature does not match.')
    const { searchParams } = url
    if (this.#world.clock() >= Number(searchParams.get('expires')) * 1000) {
      return refuse(403, 'AccessDenied', 'Request has expired')
    }
    const bytes = await readContent(this.#world, Number(url.pathname.split('/').at(-1)))
    if (bytes === undefined) return refuse(404, 'NoSuchKey', 'The specified key does not exist.')
    const disposition = searchParams.get('response-content-disposition')
    return new Response(new Uint8Array(bytes), {
      headers: {
        'content-type': searchParams.get('response-content-type') ?? 'application/octet-stream',
        ...(disposition !== null && { 'content-disposition': disposition }),
      },
    })
  }

  #signatureOf(url: URL): string {
    const unsigned = new URL(url)
    unsigned.searchParams.delete('signature')
    return createHmac('sha256', this.#secret).update(`${unsigned.pathname}?${unsigned.searchParams}`).digest('hex')
  }

  #isSigned(url: URL): boolean {
    const given = Buffer.from(url.searchParams.get('signature') ?? '')
    const expected = Buffer.from(this.#signatureOf(url))
    return given.length === expected.length && timingSafeEqual(given, expected)
  }
}
