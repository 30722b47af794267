import { crashed } from '../errors.ts'
import { refusal } from './gates.ts'

const LEAST = 3
const MOST = 63

/** A text that is there. What upstream does not check the type of crashes it (fact sheet: managed 1.1). */
const present = (value: unknown, field: string): string => {
  const isEmpty = Array.isArray(value) ? value.length === 0 : !value
  if (isEmpty) throw refusal(400, `${field} is required`)
  if (typeof value !== 'string') throw crashed()
  return value
}

const lengthOf = (name: string): number => [...name].length

/** The name of a warehouse, which becomes a host label. Throws the 400s of managed 1.1. */
export const readDatabaseName = (value: unknown): string => {
  const name = present(value, 'database_name')
  if (lengthOf(name) < LEAST || lengthOf(name) > MOST) {
    throw refusal(400, `Warehouse name must be ${LEAST}-${MOST} characters`)
  }
  if (!/^[a-z][a-z0-9-]*[a-z0-9]$/.test(name)) {
    const rule = 'lowercase letters, numbers, and hyphens, starting and ending with a letter or number'
    throw refusal(400, `Warehouse name must be a DNS label: ${rule}`)
  }
  return name
}

/** The suffix of a project's tables: D calls it a table's name, N a schema's. Throws the 400s of managed 1.1. */
export const readSuffix = (value: unknown, word: 'table' | 'schema'): string => {
  const name = present(value, `${word}_name`)
  const subject = word === 'table' ? 'Table' : 'Schema'
  if (lengthOf(name) > MOST) throw refusal(400, `${subject} name must be at most ${MOST} characters`)
  if (!/^[a-z0-9_]+$/.test(name)) {
    throw refusal(400, `${subject} name must use only lowercase letters, numbers, and underscores`)
  }
  return name
}
