import type { Catalogue, OperationTool, Tool } from './catalogue.ts'
import type { Operation } from './operation.ts'

/** The README's table of tools: one row a tool, grouped as listed. Pure, like everything here. */
export const toToolTable = (catalogue: Catalogue): string =>
  table(
    ['Tool', 'What it does', 'Effect', 'API keys'],
    [...catalogue.values()].map((tool) => [
      `\`${tool.record.name}\``,
      tool.record.title,
      'operation' in tool ? toEffect(tool.operation) : tool.record.effect,
      'operation' in tool ? toKeys(tool.operation) : toScopes(tool),
    ]),
  )

/** The rows of `docs/coverage.md`: one for each root the public pages document for a tool. */
export const toCoverageTable = (catalogue: Catalogue<OperationTool>): string =>
  table(
    ['#', 'Tool', 'Request', 'Scopes', 'Inputs', 'Deviations from the public page, and why'],
    [...catalogue.values()]
      .flatMap((tool) => tool.operation.documented.map((root) => toCoverageRow(tool, root)))
      .map((row, index) => [String(index + 1), ...row]),
  )

/** The rows of `docs/derived.md`: what a derived answer has of every field. */
export const toDerivedTable = (operations: readonly Operation[]): string =>
  table(
    ['Tool', 'Field', 'Is', 'Why'],
    operations.flatMap(({ name, derive }) =>
      Object.entries(derive?.fields ?? {}).map(([field, { is, why }]) => [`\`${name}\``, field, is, why ?? '']),
    ),
  )

/** What derived answers are read from, with the scopes of each read. */
export const toReadsTable = (operations: readonly Operation[]): string => {
  const reads = new Map<string, Operation>()
  for (const { derive } of operations)
    for (const read of derive === undefined ? [] : Object.values({ ...derive.reads })) reads.set(read.name, read)
  return table(
    ['Request', 'Scope', 'In `derived_from`'],
    [...reads.values()].map(({ method, path, scopes, title }) => [
      `\`${method} /api/projects/{project_id}/${path}\``,
      scopes.map((scope) => `\`${scope}\``).join(' '),
      title,
    ]),
  )
}

/** How many rows `toCoverageTable` has. */
export const countRows = (catalogue: Catalogue<OperationTool>): number =>
  [...catalogue.values()].reduce((sum, { operation }) => sum + operation.documented.length, 0)

/** Puts `content` between the markers `<!-- name -->` and `<!-- /name -->`. @throws Error when they are not there */
export const replaceSection = (text: string, name: string, content: string): string => {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = text.indexOf(start)
  const to = text.indexOf(end)
  if (from === -1 || to < from) throw new Error(`no section ${name}`)
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`
}

const toEffect = ({ effect, destructiveWhen }: Operation): string =>
  destructiveWhen ? `destructive when ${destructiveWhen.says}` : effect

const toKeys = ({ keys, scopes, derive }: Operation): string => {
  if (keys === 'refused') return derive === undefined ? 'refused by PostHog' : 'refused by PostHog: derived'
  const needed = toScopes({ record: { scopes } })
  if (keys === 'allowed') return needed
  return `${needed} (newer PostHog${derive === undefined ? '' : '; else derived'})`
}

const toScopes = ({ record }: { readonly record: Pick<Tool['record'], 'scopes'> }): string =>
  record.scopes.map((scope) => `\`${scope}\``).join(', ')

const toCoverageRow = ({ operation, input }: OperationTool, root: 'environments' | 'projects'): string[] => {
  const required = Array.isArray(input.json.required) ? input.json.required : []
  const names = Object.keys(input.json.properties).filter((name) => name !== 'project_id' && name !== 'environment_id')
  const inputs = names.map((name) => `\`${name}\`${required.includes(name) ? '' : '?'}`).join(', ')
  const leftOut = Object.entries(operation.leftOut ?? {}).map(([field, why]) => `\`${field}\` left out: ${why}`)
  const effect = operation.destructiveWhen ? [`Destructive when ${operation.destructiveWhen.says}.`] : []
  const derived = operation.derive === undefined ? '' : ' Then [derived](derived.md) from others.'
  const session = operation.keys === 'refused' ? [`Refused to API keys by PostHog.${derived}`] : []
  return [
    `\`${operation.name}\``,
    `\`${operation.method} /api/${root}/{${root === 'projects' ? 'project_id' : 'environment_id'}}/${operation.path}\``,
    operation.scopes.map((scope) => `\`${scope}\``).join(' ') || 'none declared',
    inputs || 'none',
    [...session, ...effect, ...(operation.deviations ?? []), ...leftOut].join('<br>') || 'none',
  ]
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(escapePipes).join(' | ')} |`).join('\n')

const escapePipes = (cell: string): string => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')
