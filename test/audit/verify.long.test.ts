import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AuditFile } from '../../src/audit/audit-file.ts'
import { START, seal } from '../../src/audit/chain.ts'
import { BrokenChain, verifyFiles } from '../../src/audit/verify.ts'
import { useFolder, verify } from './support.ts'

const path = (folder: string) => join(folder, 'audit.jsonl')

/** A chain of lines that hold what lines may: any text, whatever its bytes. */
const toChain = (texts: readonly string[]) => {
  let head = START
  const lines = texts.map((text) => {
    const next = seal(head, { event: 'attempt', arguments: { text } })
    head = next.head
    return next.line
  })
  return { lines, last: head.hash }
}

const chains = (least: number) =>
  fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constant('"é\u2028\ufffd\\')), { minLength: least, maxLength: 8 })

const broken = async (file: string, bytes: string | Buffer, last?: string): Promise<string> => {
  writeFileSync(file, bytes)
  try {
    await verifyFiles({ files: [file], last })
  } catch (error) {
    expect(error).toBeInstanceOf(BrokenChain)
    return error instanceof Error ? error.message : ''
  }
  return ''
}

describe('whatever is done to a chain is found', () => {
  test('nothing was done', async () => {
    const file = path(useFolder())
    await fc.assert(
      fc.asyncProperty(chains(0), async (texts) => {
        const { lines, last } = toChain(texts)
        expect(await broken(file, lines.join(''), last)).toBe('')
      }),
    )
  })

  test('any byte, changed to any other', async () => {
    const file = path(useFolder())
    const { lines } = toChain(['a', 'é\u2028', '\ufffd"\\'])
    const whole = Buffer.from(lines.join(''))
    let checked = 0
    for (let at = 0; at < whole.length; at += 1) {
      for (const mask of [0x01, 0x20, 0x80, whole[at] === 0x0a ? 0x07 : (whole[at] ?? 0) ^ 0x0a]) {
        const bytes = Buffer.from(whole)
        bytes[at] = (whole[at] ?? 0) ^ mask
        expect(await broken(file, bytes), `byte ${at}`).toMatch(/line [123]: /)
        checked += 1
      }
    }
    expect(checked).toBe(4 * whole.length)
  }, 60_000)

  test('any line but the last, removed; and the last, where its hash is known', async () => {
    const file = path(useFolder())
    await fc.assert(
      fc.asyncProperty(chains(2), fc.nat(), async (texts, at) => {
        const { lines, last } = toChain(texts)
        const gone = at % lines.length
        const rest = lines.filter((_, index) => index !== gone).join('')
        expect(await broken(file, rest, last)).not.toBe('')
        if (gone < lines.length - 1) expect(await broken(file, rest)).toMatch(/line \d: number \d/)
      }),
    )
  })

  test('any two lines, changed for each other', async () => {
    const file = path(useFolder())
    await fc.assert(
      fc.asyncProperty(chains(2), fc.nat(), fc.nat(), async (texts, one, two) => {
        const { lines } = toChain(texts)
        const a = one % lines.length
        const b = two % lines.length
        fc.pre(a !== b)
        const moved = lines.map((line, at) => (at === a ? lines[b] : at === b ? lines[a] : line))
        expect(await broken(file, moved.join(''))).toMatch(/line \d: number \d/)
      }),
    )
  })

  test('any line, twice or forged', async () => {
    const file = path(useFolder())
    await fc.assert(
      fc.asyncProperty(chains(2), fc.nat(), fc.nat(), async (texts, one, two) => {
        const { lines } = toChain(texts)
        const at = one % (lines.length - 1)
        const twice = lines.toSpliced(two % (lines.length + 1), 0, lines[at] ?? '')
        expect(await broken(file, twice.join(''))).toMatch(/number \d/)
        // A line with a hash that fits, made by who knows how; the line after still names the one before.
        const [, seq = '', prev = ''] = /^\{"seq":(\d+),"prev":"(\w+)"/.exec(lines[at] ?? '') ?? []
        const forged = seal({ seq: Number(seq) - 1, hash: prev }, { event: 'attempt', arguments: 'forged' }).line
        const message = await broken(file, lines.with(at, forged).join(''))
        expect(message).toBe(`${file}, line ${at + 2}: it does not follow the line before: one of the two was replaced`)
      }),
    )
  })

  test('a foreign line, anywhere', async () => {
    const file = path(useFolder())
    const { lines } = toChain(['a', 'b'])
    for (const foreign of ['\n', '{}\n', 'x\n', '\r\n', '{"seq":2}\n', '\u0000'.repeat(2_000_000)])
      for (let at = 0; at <= lines.length; at += 1)
        expect(await broken(file, lines.toSpliced(at, 0, foreign).join(''))).toMatch(/line \d: it/)
  })
})

describe('what the program says', () => {
  const write = async (count: number) => {
    const file = path(useFolder())
    const audit = await AuditFile.open(file)
    for (let at = 1; at <= count; at += 1)
      await audit.append(at % 2 === 1 ? { event: 'attempt' } : { event: 'outcome', of: at - 1 })
    const hashes = readFileSync(file, 'utf8').match(/[0-9a-f]{64}(?="\}\n)/g) ?? []
    return { file, hashes }
  }

  test('of a whole one: how many lines, what is open, and the hash to keep elsewhere', async () => {
    const { file, hashes } = await write(5)
    expect(verify(file)).toEqual({
      code: 0,
      text: `5 lines, whole; the last is number 5\nattempts without an outcome: 1 (number 5)\nlast hash ${hashes[4]}\n`,
    })
  })

  test('of the hash that was kept: how much came since, or that it is not there', async () => {
    const { file, hashes } = await write(5)
    expect(verify(file, '--last', String(hashes[2]))).toMatchObject({
      code: 0,
      text: expect.stringContaining('2 of them after the hash that was given'),
    })
    const size = readFileSync(file, 'utf8').split('\n').slice(0, 4).join('\n').length + 1
    truncateSync(file, size)
    // By itself what is left is whole: that is what a chain cannot show.
    expect(verify(file).code).toBe(0)
    expect(verify(file, '--last', String(hashes[4]))).toEqual({
      code: 1,
      text: `broken: ${file}: the line that ends in ${hashes[4]} is not there; the end was cut off or written anew\n`,
    })
  })

  test('of an edited one: the file, the line and what is wrong with it', async () => {
    const { file } = await write(4)
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('"of":1', '"of":9'))
    expect(verify(file)).toEqual({
      code: 1,
      text: `broken: ${file}, line 2: its content does not fit its hash: edited\n`,
    })
    writeFileSync(file, text.slice(0, -10))
    expect(verify(file)).toMatchObject({ code: 1, text: expect.stringContaining('line 4: it has no end: cut off') })
  })

  test('of a beginning that is not one', async () => {
    const { file, hashes } = await write(3)
    const [, ...rest] = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, rest.join('\n'))
    expect(verify(file)).toMatchObject({ code: 1, text: expect.stringContaining('line 1: number 2 follows') })
    expect(verify(file, '--after', String(hashes[0])).code).toBe(0)
    expect(verify(file, '--after', String(hashes[1]))).toMatchObject({
      code: 1,
      text: expect.stringContaining('line 1: it does not follow'),
    })
  })

  test('of what cannot be read, or is no hash: exit 2', async () => {
    const file = path(useFolder())
    expect(verify(file)).toMatchObject({ code: 2, text: expect.stringContaining('ENOENT') })
    expect(verify(file, '--last', 'abc')).toMatchObject({ code: 2, text: expect.stringContaining('64 hexadecimal') })
    expect(verify()).toMatchObject({ code: 2, text: expect.stringContaining('missing required argument') })
  })
})

test('the hash of a line is what others compute', () => {
  const line = seal(START, { event: 'attempt', who: 'ü' }).line.trimEnd()
  const inShell = spawnSync('sh', ['-c', `sed 's/,"hash":"[0-9a-f]*"}$/}/' | tr -d '\\n' | sha256sum`], {
    input: `${line}\n`,
  })
  const [, body, hash] = /^(.*),"hash":"([0-9a-f]{64})"\}$/.exec(line) ?? []
  expect(createHash('sha256').update(`${body}}`).digest('hex')).toBe(hash)
  // As the documentation has it.
  expect(String(inShell.stdout)).toBe(`${hash}  -\n`)
  expect(body).toBe(`{"seq":1,"prev":"${'0'.repeat(64)}","event":"attempt","who":"ü"`)
})
