/** Pixels of a glyph. The lowest row is below the line, for the letters that hang down. */
export const GLYPH = { width: 5, height: 8 } as const

// From blank to tilde in ASCII order. A glyph is eight rows, a row five pixels, written as one digit in base 32.
const GLYPHS = [
  '00000000 44444040 aaa00000 0avava00 4fke5u40 op248j30 cik8lid0 44800000',
  '24888420 84222480 04lel400 044v4400 00000448 000e0000 00000cc0 11248gg0',
  'ehjlphe0 4c4444e0 eh1248v0 v2421he0 26aiv220 vgu11he0 68guhhe0 v1248880',
  'ehhehhe0 ehhf12c0 0cc0cc00 0cc0c480 248g8420 00v0v000 84212480 eh124040',
  'eh1dlle0 ehhvhhh0 uhhuhhu0 ehggghe0 sihhhis0 vgguggv0 vgguggg0 ehgnhhf0',
  'hhhvhhh0 e44444e0 72222ic0 hikokih0 ggggggv0 hrllhhh0 hhpljhh0 ehhhhhe0',
  'uhhuggg0 ehhhlid0 uhhukih0 fgge11u0 v4444440 hhhhhhe0 hhhhha40 hhhllla0',
  'hha4ahh0 hhha4440 v1248gv0 e88888e0 gg842110 e22222e0 4ah00000 0000000v',
  '84200000 00e1fhf0 ggmphhu0 00egghe0 11djhhf0 00ehvge0 698s8880 00fhhf1e',
  'ggmphhh0 40c444e0 206222ic ggikoki0 c44444e0 00qllhh0 00mphhh0 00ehhhe0',
  '00uhhugg 00fhhf11 00mpggg0 00fge1u0 88s88960 00hhhjd0 00hhha40 00hhlla0',
  '00ha4ah0 00hhhf1e 00v248v0 24484420 44444440 84424480 008l2000',
].flatMap((line) => line.split(' '))

/** Stands for every character the font does not have. */
const BOX = 'vhhhhhv0'

const FIRST = 0x20

/** The inked pixels of a character, as columns and rows from the upper left. */
export const inkOf = (character: string): readonly (readonly [x: number, y: number])[] => {
  const rows = GLYPHS[character.charCodeAt(0) - FIRST] ?? BOX
  return [...rows].flatMap((digit, y) => {
    const bits = Number.parseInt(digit, 32)
    return Array.from({ length: GLYPH.width }, (_, x) => x)
      .filter((x) => bits & (1 << (GLYPH.width - 1 - x)))
      .map((x): readonly [number, number] => [x, y])
  })
}
