import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

/** The bucket's keys, until a test changes them. */
export const BUCKET_KEYS = { accessKey: 'AKTEST', secretKey: 'very-secret-key' } as const

/** What a bucket holds, by key, and when it was put there. */
class Objects extends Map<string, string | Buffer> {
  readonly times = new Map<string, Date>()

  override set(key: string, content: string | Buffer): this {
    this.times?.set(key, new Date())
    return super.set(key, content)
  }

  timeOf(key: string): Date {
    return this.times.get(key) ?? new Date(0)
  }
}

/** A bucket on loopback that speaks as much of S3 as reading needs: ListObjectsV2 in pages, GET and HEAD with ranges. */
export interface Bucket {
  /** `http://127.0.0.1:port/lake/`. */
  readonly url: string
  /** What was asked so far: method, path with query, and who signed. */
  readonly seen: string[]
  readonly objects: Objects
  /** Objects nobody may read. */
  readonly denied: Set<string>
  /** Objects whose reads are cut short. */
  readonly cut: Set<string>
  /** Objects that are elsewhere, by key. */
  readonly moved: Map<string, string>
  /** Who may read; a signature that another secret made is refused. */
  keys: { readonly accessKey: string; readonly secretKey: string }
  /** Lets reads of an object wait until `release`. `reached` is when somebody asks for it. */
  hold(key: string): { readonly reached: Promise<void>; readonly release: () => void }
  close(): Promise<void>
}

const NAME = 'lake'
// Smaller than what is asked for, so that a listing has several pages.
const PAGE = 100

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** The signature that a secret makes for a request (AWS Signature Version 4). */
const signatureOf = (request: IncomingMessage, url: URL, scope: string, names: string, secret: string): string => {
  const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).sort()
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`)
  const content = String(request.headers['x-amz-content-sha256'])
  const path = decodeURIComponent(url.pathname).split('/').map(encoded).join('/')
  const canonical = [request.method, path, query.join('&'), headers.join(''), names, content].join('\n')
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', String(request.headers['x-amz-date']), scope, digest].join('\n')
  const key = scope.split('/').reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${secret}`)
  return hmac(key, text).toString('hex')
}

/** The error a request's signature deserves; undefined when it is right. */
const refusalOf = (request: IncomingMessage, url: URL, keys: Bucket['keys']): keyof typeof REFUSALS | undefined => {
  const header = request.headers.authorization ?? ''
  const [, key, scope = '', names = '', signature] =
    /Credential=([^/]+)\/(\S+), ?SignedHeaders=(\S+), ?Signature=(\w+)/.exec(header) ?? []
  if (key !== keys.accessKey) return 'InvalidAccessKeyId'
  return signatureOf(request, url, scope, names, keys.secretKey) === signature ? undefined : 'SignatureDoesNotMatch'
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const listing = (objects: Bucket['objects'], url: URL): string => {
  const after = url.searchParams.get('continuation-token') ?? ''
  const prefix = url.searchParams.get('prefix') ?? ''
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
  const page = keys.slice(0, PAGE)
  const rows = page.map(
    (key) =>
      `<Contents><Key>${escaped(key)}</Key><Size>${Buffer.byteLength(objects.get(key) ?? '')}</Size><LastModified>${objects.timeOf(key).toISOString()}</LastModified><ETag>"x"</ETag></Contents>`,
  )
  const isCut = keys.length > PAGE
  const next = isCut ? `<NextContinuationToken>${escaped(page.at(-1) ?? '')}</NextContinuationToken>` : ''
  return `<?xml version="1.0"?><ListBucketResult><Name>${NAME}</Name><KeyCount>${page.length}</KeyCount><IsTruncated>${isCut}</IsTruncated>${next}${rows.join('')}</ListBucketResult>`
}

/** What S3 says, some of which sounds like something else. */
const REFUSALS = {
  InvalidAccessKeyId: [403, 'The AWS Access Key Id you provided does not exist in our records.'],
  SignatureDoesNotMatch: [403, 'The request signature we calculated does not match the signature you provided.'],
  AccessDenied: [403, 'Access Denied'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  NoSuchKey: [404, 'The specified key does not exist.'],
} as const

const refuse = (response: ServerResponse, code: keyof typeof REFUSALS): void => {
  const [status, message] = REFUSALS[code]
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`)
}

const sendObject = (request: IncomingMessage, response: ServerResponse, object: string | Buffer, at: Date): void => {
  const body = Buffer.from(object)
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')
  const [from, to] = [Number(range?.[1] ?? 0), Math.min(Number(range?.[2] || body.length - 1), body.length - 1)]
  const headers = {
    'content-length': to - from + 1,
    'accept-ranges': 'bytes',
    etag: '"x"',
    'last-modified': at.toUTCString(),
  }
  const part = range === null ? {} : { 'content-range': `bytes ${from}-${to}/${body.length}` }
  response.writeHead(range === null ? 200 : 206, { ...headers, ...part })
  response.end(request.method === 'HEAD' ? undefined : body.subarray(from, to + 1))
}

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/${NAME}/`
}

/** Starts a bucket. With `anonymous` it also answers what nobody signed. */
export const startBucket = async ({ anonymous = false } = {}): Promise<Bucket> => {
  const held = new Map<string, { readonly reach: () => void; readonly released: Promise<void> }>()
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { authorization } = request.headers
    bucket.seen.push(`${request.method} ${request.url} ${authorization ?? ''}`)
    const url = new URL(request.url ?? '/', 'http://bucket')
    const [, name, ...rest] = url.pathname.split('/').map(decodeURIComponent)
    const key = rest.join('/')
    const refusal = anonymous && authorization === undefined ? undefined : refusalOf(request, url, bucket.keys)
    if (refusal !== undefined) return refuse(response, refusal)
    if (name !== NAME) return refuse(response, 'NoSuchBucket')
    if (url.searchParams.has('list-type')) return void response.end(listing(bucket.objects, url))
    if (bucket.denied.has(key)) return refuse(response, 'AccessDenied')
    if (bucket.cut.has(key)) return void response.destroy()
    const location = bucket.moved.get(key)
    if (location !== undefined) return void response.writeHead(302, { location }).end()
    const hold = request.method === 'GET' ? held.get(key) : undefined
    hold?.reach()
    await hold?.released
    const object = bucket.objects.get(key)
    if (object === undefined) return refuse(response, 'NoSuchKey')
    sendObject(request, response, object, bucket.objects.timeOf(key))
  }
  const server = createServer((request, response) => void serve(request, response))
  const url = await listen(server)
  const bucket: Bucket = {
    url,
    seen: [],
    objects: new Objects(),
    denied: new Set(),
    cut: new Set(),
    moved: new Map(),
    keys: BUCKET_KEYS,
    hold: (key) => {
      let release = (): void => undefined
      const released = new Promise<void>((resolve) => {
        release = () => {
          held.delete(key)
          resolve()
        }
      })
      const reached = new Promise<void>((resolve) => held.set(key, { reach: resolve, released }))
      return { reached, release }
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return bucket
}
