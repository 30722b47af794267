/**
 * Prints what the tool list costs a model, in bytes and o200k tokens, and fails over the budget:
 * what a model sees of a tool (name, description, input schema), and the whole wire form.
 */
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { toCatalogue, toQuestions } from '../src/catalogue.ts'
import { operations, questions } from '../tools/index.ts'

/** Averages over all tools that must not be passed. */
const BUDGET = { seen: 110, wire: 200 }

const measure = (value: unknown) => {
  const text = JSON.stringify(value)
  return { bytes: Buffer.byteLength(text), tokens: encode(text).length }
}

const rows = [...toQuestions(questions, false).values(), ...toCatalogue(operations, false).values()].map(
  ({ definition }) => {
    const { name, description, inputSchema } = definition
    return { name, seen: measure({ name, description, inputSchema }), wire: measure(definition) }
  },
)
const sum = (pick: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + pick(row), 0)
const average = { seen: sum((row) => row.seen.tokens) / rows.length, wire: sum((row) => row.wire.tokens) / rows.length }

if (process.argv.includes('--each'))
  for (const row of [...rows].sort((a, b) => b.wire.tokens - a.wire.tokens))
    console.log(`${String(row.seen.tokens).padStart(5)} ${String(row.wire.tokens).padStart(5)}  ${row.name}`)
console.log(`tools                       ${rows.length}`)
console.log(
  `tools/list, whole           ${sum((row) => row.wire.bytes)} bytes, ${sum((row) => row.wire.tokens)} o200k tokens`,
)
console.log(
  `what a model sees           ${sum((row) => row.seen.bytes)} bytes, ${sum((row) => row.seen.tokens)} o200k tokens`,
)
console.log(`average seen                ${average.seen.toFixed(1)} tokens (budget ${BUDGET.seen})`)
console.log(`average on the wire         ${average.wire.toFixed(1)} tokens (budget ${BUDGET.wire})`)
if (average.seen > BUDGET.seen || average.wire > BUDGET.wire) {
  console.error('over the budget')
  process.exitCode = 1
}
