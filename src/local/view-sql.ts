/**
 * What stands between braces in a SQL text, outside of strings, quoted names and comments. The engine would refuse
 * these too, but the API has its own words for them (fact sheet: tables 3.2).
 */
export const placeholdersIn = (sql: string): readonly string[] => {
  const skip = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|--[^\n]*|\/\*[\s\S]*?\*\//g
  // A string stays a token, so that nothing grows together across it.
  const bare = sql.replace(skip, "''")
  return [...bare.matchAll(/\{([^{}]*)\}?/g)].map((match) => (match[1] ?? '').trim())
}
