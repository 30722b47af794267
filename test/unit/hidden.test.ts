import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../../src/operation.ts'
import { toOutgoing } from '../../src/outgoing.ts'
import { createRedactor } from '../../src/redact.ts'
import { countHidden, withoutHidden } from '../../src/text/hidden.ts'
import { quote, toName } from '../../src/text/line.ts'
import { FORBIDDEN, payloads } from '../security/payloads.ts'

describe('what a text means stays', () => {
  test.each([
    ['a family', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
    ['an astronaut with a tone of skin', '\u{1f469}\u{1f3fd}\u200d\u{1f680}'],
    ['a heart as a picture', '\u2764\ufe0f'],
    ['a rainbow flag', '\u{1f3f3}\ufe0f\u200d\u{1f308}'],
    ['a key', '1\ufe0f\u20e3'],
    ['Persian', 'می\u200cخواهم'],
    ['Persian with a mark', 'مَ\u200cخ'],
    ['Hindi', 'क्\u200dष'],
    ['Sinhala', 'ශ්\u200dරී'],
    ['old Malayalam', 'അവന്\u200d'],
    ['a Japanese town', '葛\u{e0100}城市'],
    ['German', 'Größe'],
    ['lines and cells', 'a\tb\nc'],
    ['names of nobody', '\ue000'],
  ])('%s', (_, text) => {
    expect(withoutHidden(text)).toBe(text)
    expect(countHidden(text)).toBe(0)
  })

  test('line breaks of other systems become line feeds, and are no loss', () => {
    expect(withoutHidden('a\r\nb\rc')).toBe('a\nb\nc')
    expect(countHidden('a\r\nb\rc')).toBe(0)
  })
})

describe('what nobody sees goes', () => {
  test.each([
    ['joiners in Latin', 'a\u200db\u200cc', 'abc', 2],
    ['a second joiner', 'می\u200c\u200cخ', 'میخ', 2],
    ['a joiner at the end of a picture', '\u{1f468}\u200d', '\u{1f468}', 1],
    ['selectors behind the first', '\u2764\ufe0f\ufe0f\u{e0141}', '\u2764\ufe0f', 2],
    ['a selector behind a digit', '1\ufe0f2', '12', 1],
    ['a mark of order at the beginning', '\ufeffid', 'id', 1],
    ['the flag of England, which is made of tags', '\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}', '\u{1f3f4}', 3],
    ['separators, which break lines', 'a\u2028b\u2029c\u0085d', 'a\nb\nc\nd', 3],
    ['halves', '\ud83dx\udc00', 'x', 2],
  ])('%s', (_, text, left, count) => {
    expect(withoutHidden(text)).toBe(left)
    expect(countHidden(text)).toBe(count)
  })

  test('once and for all, whatever the text', () => {
    const odd = fc.constantFrom(...payloads.flatMap((payload) => [...payload]), 'م', 'क', '\u094d', '葛', '\u20e3')
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(odd).map((chars) => chars.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const once = withoutHidden(text)
        expect(withoutHidden(once)).toBe(once)
        expect(countHidden(once)).toBe(0)
        expect(countHidden(text) === 0).toBe(text.replace(/\r\n?/g, '\n') === once)
        for (const [kind, pattern] of FORBIDDEN)
          if (!/zero width|variation/.test(kind)) expect(once, kind).not.toMatch(pattern)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('a quote', () => {
  test('cannot be closed from within, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...payloads)),
        fc.nat(50),
        (text, longest) => {
          for (const said of [quote(text, longest + 1), toName(text)].filter((one) => one.startsWith('“')))
            expect(said).toMatch(/^“[^“”\n\t]*”( \([a-z\d,; ]+\))?$/)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('says what it lacks where only the server speaks', () => {
    expect(quote('a\u200bb\nc')).toBe('“ab c” (1 hidden character left out)')
    expect(quote('x”'.repeat(200), 4)).toBe('“x"x"…” (cut, 400 characters)')
  })

  test('is not needed for one plain word or a time', () => {
    for (const plain of ['orders', 'postgres.prod.orders', '$pageview', '2026-09-02 10:00:00+00:00', '6hour'])
      expect(toName(plain)).toBe(plain)
    for (const odd of ['', 'two words', '[INST]', '忽略', '<b>', 'a:b', 'x'.repeat(65), '2026-09-02 delete it'])
      expect(toName(odd)).toMatch(/^“/)
  })
})

describe('a secret with something hidden in it', () => {
  const secret = 'hunter2-of-the-house'
  const redactor = createRedactor([secret, 'pass\u200bphrase-x', 'رمز-سری'])

  test('is masked, wherever the hidden character stands and of whatever kind it is', () => {
    const kinds = [
      '\u200b',
      '\u200d',
      '\u00ad',
      '\u202e',
      '\u{e0041}',
      '\ufe0f',
      '\0',
      '\u0007',
      '\ud800',
      '\ufff9',
      '\u2060',
    ]
    let tried = 0
    for (const kind of kinds)
      for (let at = 1; at < secret.length; at += 1) {
        const split = `${secret.slice(0, at)}${kind}${secret.slice(at)}`
        expect(redactor.text(`x ${split} y`)).toBe('x *** y')
        expect(redactor.sentence(`x ${split} y`)).toBe('x *** y')
        expect(redactor.value({ name: split, [split]: [split] })).toEqual({ name: '***', '***': ['***'] })
        tried += 1
      }
    expect(tried).toBe(kinds.length * (secret.length - 1))
  })

  test('is masked where the secret itself holds one, and where joiners may stay', () => {
    expect(redactor.text('pass\u200bphrase-x passphrase-x pass\\u200bphrase-x')).toBe('*** *** ***')
    expect(redactor.text('رم\u200cز-سری')).toBe('***')
  })

  test('does not come together from two fields', () => {
    const json = toOutgoing({ a: 'hunter2-of', b: '\u200b-the-house', c: ['hunter2\u200b', '-of-the-house'] }, redactor)
    expect(json).toEqual({
      a: 'hunter2-of',
      b: '-the-house',
      c: ['hunter2', '-of-the-house'],
      stripped: '2 hidden characters left out',
    })
  })

  test('does not hide its name either', () => {
    expect(redactor.value({ 'pass\u200bword': 'x', 'api\u00ad_key': { a: 'y' } })).toEqual({
      password: '***',
      api_key: { a: '***' },
    })
    expect(redactor.text('pass\u200bword=letmein')).toBe('password=***')
    expect(redactor.text('https://u:p\u200bw@h/')).toBe('https://***@h/')
  })

  test('a mask does not take the end of a quote along', () => {
    const said = `${quote('see https://h/?token=abcdefgh')}. Next.`
    expect(redactor.sentence(said)).toBe('“see https://h/?token=***”. Next.')
    expect(redactor.text(`${quote('password: abcdefgh')}; next`)).toBe('“password: ***”; next')
  })
})

describe('what leaves', () => {
  const redactor = createRedactor(['s3cr3t-of-ours'])

  test('no field takes the place of another', () => {
    const sent = { status: 'ok', 'sta\u200btus': 'evil', 'status (2)': 'third', 'stat\u200bus': 'fourth' }
    const json = redactor.value(sent) as Json
    expect(json.status).toBe('ok')
    expect(Object.keys(json)).toHaveLength(4)
    expect(new Set(Object.values(json))).toEqual(new Set(Object.values(sent)))
  })

  test('is short enough, and says how to get the rest', () => {
    const long = 'word '.repeat(200_000)
    const sent = { name: 'n'.repeat(10_000), description: long, query: { query: long }, rows: [['a', long]], [long]: 1 }
    const json = toOutgoing(sent, redactor)
    expect(String(json.name)).toMatch(/^n{500}… \(cut, 10000 characters\)$/)
    expect(String(json.description)).toMatch(/… \(cut, 1000000 characters\)$/)
    expect(JSON.stringify(json).length).toBeLessThan(65_000)
    expect(json.cut).toMatch(/PostHog app has them whole\. Do not write a cut text back\.$/)
    expect(toOutgoing({ name: 'orders', query: 'select 1' }, redactor)).toEqual({ name: 'orders', query: 'select 1' })
    expect(toOutgoing({ cut: '2 of 3 tables.', description: long }, redactor).cut).toMatch(
      /^2 of 3 tables\. Texts were cut/,
    )
  })

  test('is masked before it is cut', () => {
    const json = toOutgoing(
      { description: `${'x'.repeat(4_992)} s3cr3t-of-ours`, name: `${'x'.repeat(492)} s3cr3t-of-ours` },
      redactor,
    )
    expect(JSON.stringify(json)).not.toContain('s3cr3t')
  })
})
