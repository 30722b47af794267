import { payloads } from './payloads.ts'
import { throughOperations, throughQuestions } from './untrusted-checks.ts'
import { throughConfirmations } from './untrusted-confirmations.ts'

for (const era of ['modern', 'legacy', 'v1'] as const) {
  throughOperations(era, payloads.length)
  throughQuestions(era)
  throughConfirmations(era, payloads)
}
