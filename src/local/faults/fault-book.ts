import { readFile } from 'node:fs/promises'
import { type FaultRule, matchesPath, readFaults } from './fault-rules.ts'

/** The rules in force, and how often each was met. In memory only: a restart begins with the file again. */
export class FaultBook {
  #pages: { readonly rule: FaultRule; matched: number }[] = []

  /** A book with the rules of a JSON file, or an empty one. Throws an Error fit for the operator. */
  static async open(path: string | undefined): Promise<FaultBook> {
    const book = new FaultBook()
    if (path === undefined) return book
    const text = await readFile(path, 'utf8').catch(() => {
      throw new Error(`The faults cannot be read from ${path}.`)
    })
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new Error(`The faults in ${path} are not JSON.`)
    }
    book.add(readFaults(value))
    return book
  }

  /** Adds rules after the ones there are; the first one that fits a call decides. */
  add(rules: readonly FaultRule[]): void {
    this.#pages = [...this.#pages, ...rules.map((rule) => ({ rule, matched: 0 }))]
  }

  /** Forgets every rule. */
  clear(): void {
    this.#pages = []
  }

  /** The rules with the number of calls that met them. */
  list(): readonly (FaultRule & { readonly matched: number })[] {
    return this.#pages.map(({ rule, matched }) => ({ ...rule, matched }))
  }

  /** The rule that hits this call, if one does. Every rule that fits counts the call, hit or not. */
  next(method: string, path: string): FaultRule | undefined {
    let hit: FaultRule | undefined
    for (const page of this.#pages) {
      const { rule } = page
      if (rule.method !== undefined && rule.method !== method) continue
      if (!matchesPath(rule.path, path)) continue
      page.matched += 1
      const past = page.matched - rule.nth
      if (past >= 0 && (rule.times === null || past < rule.times)) hit ??= rule
    }
    return hit
  }
}
