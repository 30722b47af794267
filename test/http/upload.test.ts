import { expect, test } from 'vitest'
import type { FileBody } from '../../src/http/client.ts'
import { connect, failureOf, request, serve } from './support.ts'

const MEBIBYTE = 1024 * 1024

const file = (fields: Partial<FileBody> = {}): FileBody => ({
  kind: 'file',
  fields: { name: 'orders', format: 'CSVWithNames' },
  fileName: 'orders.csv',
  contentType: 'text/csv',
  size: 8,
  open: async function* () {
    yield Buffer.from('a,b\n')
    yield Buffer.from('1,2\n')
  },
  ...fields,
})

const upload = (body: FileBody) => request({ method: 'POST', path: '/api/file/', body })

/** A server that collects each body; gives the parsed forms and the lengths announced and received. */
const collecting = async (statuses: readonly number[] = [201]) => {
  const seen: {
    readonly form: FormData
    readonly announced: number
    readonly received: number
    readonly chunked: boolean
  }[] = []
  const origin = await serve((incoming, reply) => {
    const chunks: Buffer[] = []
    incoming.on('error', () => {})
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', async () => {
      const whole = Buffer.concat(chunks)
      const type = incoming.headers['content-type'] ?? ''
      const form = await new Response(whole, { headers: { 'content-type': type } }).formData()
      const announced = Number(incoming.headers['content-length'])
      seen.push({ form, announced, received: whole.byteLength, chunked: 'transfer-encoding' in incoming.headers })
      reply.writeHead(statuses[Math.min(seen.length, statuses.length) - 1] ?? 201).end()
    })
  })
  return { origin, seen }
}

test('a file arrives as one form with its fields, its name, its type and its exact length', async () => {
  const { origin, seen } = await collecting()
  const reply = await connect(origin).send(upload(file()))
  expect(reply.status).toBe(201)
  expect(seen).toHaveLength(1)
  const [{ form, announced, received, chunked } = { form: new FormData(), announced: 0, received: 1, chunked: true }] =
    seen
  expect([...form.keys()]).toEqual(['name', 'format', 'file'])
  expect([form.get('name'), form.get('format')]).toEqual(['orders', 'CSVWithNames'])
  const part = form.get('file')
  if (!(part instanceof File)) throw new Error('the file part is not a file')
  expect([part.name, part.type, await part.text()]).toEqual(['orders.csv', 'text/csv', 'a,b\n1,2\n'])
  expect(announced).toBe(received)
  expect(chunked).toBe(false)
})

test.each(['x"; name="replace', 'x\r\nContent-Type: text/html\r\n\r\n<b>', 'Bücher 2026.csv', 'a\\b.csv'])(
  'the file name %j cannot break out of its part',
  async (fileName) => {
    const { origin, seen } = await collecting()
    await connect(origin).send(upload(file({ fileName, fields: { 'a"\r\nb': 'x\r\n--y' } })))
    const form = seen[0]?.form
    expect([...(form?.keys() ?? [])]).toEqual(['a"\r\nb', 'file'])
    expect(form?.get('a"\r\nb')).toBe('x\r\n--y')
    const part = form?.get('file')
    expect(part instanceof File ? part.name : undefined).toBe(fileName)
  },
)

test('an empty file is a file', async () => {
  const { origin, seen } = await collecting()
  await connect(origin).send(upload(file({ size: 0, open: async function* () {} })))
  const part = seen[0]?.form.get('file')
  expect(part instanceof File ? part.size : undefined).toBe(0)
})

test('after a 429 the file is opened again and sent whole', async () => {
  let opened = 0
  const { origin, seen } = await collecting([429, 201])
  const body = file()
  const open = () => {
    opened += 1
    return body.open()
  }
  expect(await connect(origin).send(upload({ ...body, open }))).toMatchObject({ status: 201, attempts: 2 })
  expect(opened).toBe(2)
  const texts = await Promise.all(seen.map(({ form }) => (form.get('file') as File).text())) // the part is a file, see above
  expect(texts).toEqual(['a,b\n1,2\n', 'a,b\n1,2\n'])
})

test('a large file is read no faster than the server takes it', async () => {
  let produced = 0
  let received = 0
  let lead = 0
  const origin = await serve((incoming, reply) => {
    incoming.on('data', (chunk: Buffer) => {
      received += chunk.byteLength
      lead = Math.max(lead, produced - received)
      incoming.pause()
      setImmediate(() => incoming.resume())
    })
    incoming.on('end', () => reply.end())
  })
  const size = 64 * MEBIBYTE
  const open = async function* () {
    for (let index = 0; index < 64 * 16; index += 1) {
      produced += MEBIBYTE / 16
      yield Buffer.alloc(MEBIBYTE / 16, index)
    }
  }
  await connect(origin).send(upload(file({ size, open })))
  expect(received).toBeGreaterThan(size)
  // What the kernel buffers on loopback is a few megabytes.
  expect(lead).toBeLessThan(24 * MEBIBYTE)
})

test.each([
  ['shorter', 9],
  ['longer', 7],
])('a file that turns out %s ends as unreadable, and no complete form arrives', async (_, size) => {
  const { origin, seen } = await collecting()
  const failure = await failureOf(connect(origin).send(upload(file({ size }))))
  expect(failure).toMatchObject({
    kind: 'unreadable',
    executed: 'no',
    message: 'The size of the file changed while it was being sent.',
  })
  expect(seen).toEqual([])
})

test('a file that cannot be read is not blamed on the server, and its path is not told', async () => {
  const { origin, seen } = await collecting()
  const open = async function* () {
    yield Buffer.from('a')
    throw new Error("EIO: i/o error, read '/home/somebody/orders.csv'")
  }
  const failure = await failureOf(connect(origin).send(upload(file({ open }))))
  expect(failure).toMatchObject({
    kind: 'unreadable',
    executed: 'no',
    message: 'The file could not be read to its end.',
  })
  expect(seen).toEqual([])
})

test('an answer that comes before the whole file was sent is the answer', async () => {
  const origin = await serve((_, reply) => {
    reply.writeHead(413, { connection: 'close' }).end('{"message":"too big"}')
  })
  const open = async function* () {
    for (let index = 0; index < 32; index += 1) yield Buffer.alloc(MEBIBYTE)
  }
  expect(await connect(origin).send(upload(file({ size: 32 * MEBIBYTE, open })))).toMatchObject({ status: 413 })
})

test('a cancel stops the reading of the file', async () => {
  const caller = new AbortController()
  const origin = await serve((incoming) => {
    incoming.once('data', () => caller.abort())
  })
  let ended = false
  const open = async function* () {
    try {
      for (let index = 0; index < 64; index += 1) yield Buffer.alloc(MEBIBYTE)
    } finally {
      ended = true
    }
  }
  const body = file({ size: 64 * MEBIBYTE, open })
  const failure = await failureOf(connect(origin).send({ ...upload(body), signal: caller.signal }))
  expect(failure).toMatchObject({ kind: 'cancelled', executed: 'unknown' })
  await expect.poll(() => ended).toBe(true)
})

test('a file that grows without end is cut off where its size was announced', async () => {
  const { origin, seen } = await collecting()
  const open = async function* () {
    for (;;) yield Buffer.alloc(1_000)
  }
  const failure = await failureOf(connect(origin).send(upload(file({ size: 5_500, open }))))
  expect(failure).toMatchObject({
    kind: 'unreadable',
    executed: 'no',
    message: 'The size of the file changed while it was being sent.',
  })
  expect(seen).toEqual([])
})
