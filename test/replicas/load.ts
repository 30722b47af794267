import { randomUUID } from 'node:crypto'
import type { HttpConnection } from './client.ts'

/** One call of the load, and what became of it. */
export interface Outcome {
  readonly id: string
  /** Undefined while it is in flight. */
  settled?: 'right' | 'wrong' | Error
}

/** A bounded load: each connection asks one thing after the other, and each answer is held against its question. */
export interface Load {
  readonly outcomes: readonly Outcome[]
  /** Resolves once so many have been answered. */
  answered(count: number): Promise<void>
  /** The calls that are in flight now. */
  inFlight(): readonly Outcome[]
  readonly done: Promise<unknown>
}

/** @param each calls of each connection */
export const startLoad = (connections: readonly HttpConnection[], each: number): Load => {
  const outcomes: Outcome[] = []
  let waiting: (() => void)[] = []
  const ask = async (connection: HttpConnection): Promise<void> => {
    const outcome: Outcome = { id: randomUUID() }
    outcomes.push(outcome)
    outcome.settled = await connection.call('warehouse_tables_get', { id: outcome.id }).then(
      ({ id, name }) => (id === outcome.id && name === `table ${outcome.id}` ? 'right' : 'wrong'),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
    const all = waiting
    waiting = []
    for (const wake of all) wake()
  }
  const work = async (connection: HttpConnection): Promise<void> => {
    for (let count = 0; count < each; count += 1) await ask(connection)
  }
  return {
    outcomes,
    answered: async (count) => {
      while (outcomes.filter(({ settled }) => settled !== undefined).length < count)
        await new Promise<void>((wake) => waiting.push(wake))
    },
    inFlight: () => outcomes.filter(({ settled }) => settled === undefined),
    done: Promise.all(connections.map(work)),
  }
}
