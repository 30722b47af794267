import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startFixture } from './fixture/start-fixture.ts'
import { GIVEN, namesOf, REVISIONS, type Revision, readGroups } from './scenario-groups.ts'
import { declaredAt, type Subject, startProduct } from './subject.ts'
import { type Check, runSuite } from './suite.ts'

const groups = readGroups()

/** What the product declares, of what a scenario may depend on: its log is the operator's, not the client's. */
const DECLARED = ['prompts', 'resources']

type Waived = Readonly<Record<string, string>>

/** What the suite only recommends or cannot test, by the reason it is not asked for. */
const WAIVED: Waived = {
  'server-sse-priming-event': 'streams are not resumed: nothing is kept to be sent again',
  'server-sse-retry-field': 'streams are not resumed, so nobody is told when to try',
  'sep-2575-server-sends-prompts-list-changed-on-subscription': 'not declared: prompts stay as they are',
  'sep-2575-server-sends-tools-list-changed-on-subscription': 'not declared: tools stay as they are',
  'tasks-status-notifications': 'the suite has not written this test yet',
}

/** What the suite can only warn of where its own tools are missing. The fixture has them, and is not forgiven. */
const WAIVED_OF_PRODUCT: Waived = {
  ...WAIVED,
  'sep-2322-ignore-unexpected-params': 'calls test_input_required_result_elicitation',
  'sep-2322-missing-response-rerequests': 'calls test_input_required_result_elicitation',
}

const told = ({ id, status, errorMessage = '' }: Check): string => `${status} ${id}: ${errorMessage}`

/** Whatever is not well: a failure always, the rest unless it is waived. */
const faultsOf = (checks: readonly Check[], waived: Waived, except: readonly string[] = []): readonly string[] =>
  checks
    .filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO')
    .filter(({ id, status }) => (status === 'FAILURE' ? !except.includes(id) : !(id in waived)))
    .map(told)

const isUntestable = ({ errorMessage }: Check): boolean => errorMessage?.startsWith('Not testable: ') ?? false

/** How often each outcome came, such as `3 SUCCESS, 1 WARNING`. */
const tally = (checks: readonly Check[]): string => {
  const outcomes = checks.map((check) => (isUntestable(check) ? 'NOT TESTABLE' : check.status))
  const kinds = [...new Set(outcomes)].sort()
  return kinds.map((kind) => `${outcomes.filter((each) => each === kind).length} ${kind}`).join(', ')
}

/** Runs the suite once, and says what it found. */
const useSuite = (name: string, start: () => Promise<Subject>, revision: Revision) => {
  let results: Awaited<ReturnType<typeof runSuite>> = new Map()
  let subject: Subject | undefined
  const asked = new Map<string, readonly Check[]>()
  beforeAll(async () => {
    subject = await start()
    results = await runSuite(subject.url, revision)
  })
  afterAll(async () => {
    await subject?.close()
    process.stdout.write(`${revision}, ${name}: ${asked.size} scenarios: ${tally([...asked.values()].flat())}\n`)
  })
  return {
    declared: async (): Promise<readonly string[]> => (subject ? Object.keys(await declaredAt(subject.url)) : []),
    names: (): readonly string[] => [...results.keys()],
    /** @throws Error for a scenario that did not run: nothing was proven */
    checksOf: (scenario: string): readonly Check[] => {
      const checks = results.get(scenario)
      if (checks === undefined) throw new Error(`The suite did not run ${scenario}`)
      asked.set(scenario, checks)
      return checks
    },
  }
}

test('the scenarios are sorted as they were given', ({ skip }) => {
  skip(!existsSync(GIVEN), `${GIVEN.pathname} is not on this machine`)
  const given = readGroups(GIVEN)
  for (const revision of REVISIONS) expect(groups[revision], revision).toEqual(given[revision])
})

describe.each(REVISIONS)('%s', (revision) => {
  const { must, checks = {}, if: given, optional = {}, fixture } = groups[revision]

  describe('the product', () => {
    const { checksOf, declared } = useSuite('the product', startProduct, revision)
    const faults = (scenario: string, except?: readonly string[]) =>
      faultsOf(checksOf(scenario), WAIVED_OF_PRODUCT, except)

    test.each(must)('%s', (scenario) => expect(faults(scenario)).toEqual([]))

    test.each(Object.entries(checks))('%s, but for what needs a tool of the suite', (scenario, except) =>
      expect(faults(scenario, except)).toEqual([]),
    )

    test.each(Object.entries(given).filter(([, capability]) => DECLARED.includes(capability)))(
      '%s, as %s are declared',
      (scenario) => expect(faults(scenario)).toEqual([]),
    )

    test('what a scenario may depend on is declared, or left out on purpose', async () => {
      expect((await declared()).filter((each) => Object.values(given).includes(each)).sort()).toEqual(DECLARED)
    })

    test.each(Object.keys(optional))('%s, as far as there is anything to test', (scenario) => {
      const tested = checksOf(scenario).filter((check) => !isUntestable(check))
      expect(faultsOf(tested, WAIVED_OF_PRODUCT)).toEqual([])
    })
  })

  describe('the fixture', () => {
    // What is optional is not asked of it: the SDK checks `Mcp-Param-*` headers only for servers made with its `McpServer`,
    // which the product has no use for, as none of its tools wants a header.
    const { checksOf, names } = useSuite('the fixture', () => startFixture(), revision)

    test.each([...must, ...Object.keys(checks), ...Object.keys(given), ...fixture])('%s', (scenario) =>
      expect(faultsOf(checksOf(scenario), WAIVED)).toEqual([]),
    )

    test('every scenario that ran is sorted', () => {
      expect([...names()].sort()).toEqual([...namesOf(groups[revision])].sort())
    })
  })
})
