import type { User } from '../seed.ts'
import { userById } from '../seed.ts'
import { toType } from './object-kinds.ts'
import { splitPath } from './paths.ts'
import type { FileRecord } from './tree-state.ts'

type Test = (row: FileRecord) => boolean

/** Splits like a shell: blanks outside of quotes part the words, a backslash keeps the next character. */
export const toWords = (search: string): readonly string[] =>
  [...search.matchAll(/(?:"(?:\\.|[^"\\])*"?|'[^']*'?|\\.|[^\s"'\\]|\\$)+/gs)].map(([word]) =>
    word.replace(
      /"((?:\\.|[^"\\])*)"?|'([^']*)'?|\\(.)/gs,
      (_, double?: string, single?: string, escaped?: string) =>
        double?.replace(/\\(["\\])/g, '$1') ?? single ?? escaped ?? '',
    ),
  )

const holds = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase())

/** A slash in what is looked for also finds an escaped one. */
const holdsPath = (path: string, part: string): boolean => holds(path, part) || holds(path.replaceAll('\\/', '/'), part)

const lastName = (row: FileRecord): string => splitPath(row.path).at(-1) ?? ''

const byType = (type: string): Test => {
  if (type.endsWith('/')) return (row) => row.type.startsWith(type)
  return (row) => row.type === toType(type)
}

const byCreator = (name: string, caller: User): Test => {
  if (name === 'me') return (row) => row.createdBy === caller.id
  return (row) => {
    const user = userById(row.createdBy)
    return user !== undefined && (holds(`${user.firstName} ${user.lastName}`, name) || holds(user.email, name))
  }
}

const plain = (word: string, nameOnly: boolean): Test =>
  nameOnly ? (row) => holdsPath(lastName(row), word) : (row) => holdsPath(row.path, word) || holds(row.type, word)

const positive = (word: string, caller: User, nameOnly: boolean): Test => {
  const [, field, value = ''] = /^(\w+):(.*)$/s.exec(word) ?? []
  switch (field?.toLowerCase()) {
    case 'name':
      return (row) => holds(lastName(row), value)
    case 'path':
      return (row) =>
        splitPath(row.path)
          .slice(0, -1)
          .some((name) => holds(name, value))
    case 'type':
      return byType(value)
    case 'ref':
      return (row) => row.ref === value
    case 'user':
    case 'author':
      return byCreator(value, caller)
    default:
      return plain(word, nameOnly)
  }
}

/** The test of a search: every word must hold; a leading `-` or `!` turns one around (files-exports 4.3). */
export const toTest = (search: string, caller: User, nameOnly: boolean): Test => {
  const tests = toWords(search).map((word) => {
    const negated = /^[-!]./s.test(word)
    const test = positive(negated ? word.slice(1) : word, caller, nameOnly)
    return (row: FileRecord) => test(row) !== negated
  })
  return (row) => tests.every((test) => test(row))
}
