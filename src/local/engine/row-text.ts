const bigInteger = /"(?:[^"\\]|\\.)*"|(?<![\d.])-?\d{16,}(?![\d.eE])/g

/** One line of JSON; integers past 2^53 become strings, because a double would change them. */
function parseLine(line: string): readonly unknown[] {
  const exact = /\d{16}/.test(line)
    ? line.replace(bigInteger, (found) =>
        found.startsWith('"') || Number.isSafeInteger(Number(found)) ? found : `"${found}"`,
      )
    : line
  // The engine writes each line as a JSON array; the cast names what the format guarantees.
  return JSON.parse(exact) as readonly unknown[]
}

/** Splits a chunk of JSONCompactEachRow, whose header of names and types every chunk repeats. */
export function readChunk(text: string): {
  names: readonly string[]
  types: readonly string[]
  rows: (readonly unknown[])[]
} {
  const [names = '[]', types = '[]', ...lines] = text.split('\n').filter((line) => line !== '')
  // Same guarantee: two arrays of strings lead every chunk.
  return { names: parseLine(names) as string[], types: parseLine(types) as string[], rows: lines.map(parseLine) }
}
