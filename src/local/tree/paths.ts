/** The names in a path; `\/` is a slash in a name, `\\` a backslash, and empty names vanish (files-exports 4.2). */
export const splitPath = (path: string): readonly string[] =>
  [...path.matchAll(/(?:\\[/\\]|[^/])+/g)].map(([name]) => name.replace(/\\([/\\])/g, '$1'))

/** Names as a path, escaped. */
export const joinPath = (names: readonly string[]): string =>
  names.map((name) => name.replaceAll('\\', '\\\\').replaceAll('/', '\\/')).join('/')

/** How deep a path lies: one for the top. */
export const depthOf = (path: string): number => splitPath(path).length

/** Whether `path` lies below `folder`, at any depth. Only the texts count, as upstream. */
export const isBelow = (path: string, folder: string): boolean => path.startsWith(`${folder}/`)

/** How the paths of a row's parents are written. */
export type Spelling = (names: readonly string[]) => string

/** Creating a row names its parents without escapes; moving, linking and undoing escape (files-exports 4.2). */
export const UNESCAPED: Spelling = (names) => names.join('/')
