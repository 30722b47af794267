import { createHash, randomBytes } from 'node:crypto'
import { timestamp, type World } from '../world.ts'
import { refusal } from './gates.ts'
import type { ManagedOrganization, ManagedStatus, ManagedWarehouse } from './managed-state.ts'
import { holderOf } from './organizations.ts'

/** The control plane looks every ten seconds; how long the rest takes is a demonstration (fact sheet: managed 7.2). */
const TICK_MS = 10_000
const PROVISIONING_MS = 60_000
const DELETING_MS = 30_000

const MISSING = 'warehouse not found'
const BUSY_STATES: readonly ManagedStatus[] = ['pending', 'provisioning', 'ready', 'deleting']
const REMOVABLE: readonly ManagedStatus[] = ['ready', 'failed', 'provisioning']

const newPassword = (): string => randomBytes(32).toString('base64url')

const hash = (password: string): string => createHash('sha256').update(password).digest('hex')

const existing = (organization: ManagedOrganization): ManagedWarehouse => {
  if (organization.warehouse === null) throw refusal(404, MISSING)
  return organization.warehouse
}

const failCreation = (warehouse: ManagedWarehouse, why: string, at: number): void => {
  warehouse.status = 'failed'
  warehouse.message = `Failed to create Duckling CR: ${why}`
  warehouse.failedAt = new Date(at).toISOString()
  warehouse.dueAt = null
}

/** What happens when a warehouse is due. A step is taken at the time it was due, however late it is looked at. */
const step = ({ warehouse, switches }: ManagedOrganization, at: number): void => {
  if (warehouse === null) return
  if (warehouse.status === 'pending' && switches.failNext !== null) {
    failCreation(warehouse, switches.failNext, at)
    switches.failNext = null
  } else if (warehouse.status === 'pending') {
    Object.assign(warehouse, { status: 'provisioning', message: 'Provisioning in progress...', dueAt: at + TICK_MS })
  } else if (warehouse.status === 'provisioning' && warehouse.parts === 'pending') {
    Object.assign(warehouse, { parts: 'provisioning', dueAt: at + PROVISIONING_MS - TICK_MS })
  } else if (warehouse.status === 'provisioning') {
    const readyAt = new Date(at).toISOString()
    const message = 'Infrastructure ready'
    Object.assign(warehouse, { status: 'ready', message, parts: 'ready', readyAt, failedAt: null, dueAt: null })
  } else if (warehouse.status === 'deleting') {
    Object.assign(warehouse, { status: 'deleted', message: 'Resources deleted', dueAt: null })
  }
}

/** The service PostHog hands these calls on to; its bodies reach the client as they are (fact sheet: managed 1). */
export class ControlPlane {
  readonly #world: World
  readonly #alarms = new Map<string, () => void>()

  constructor(world: World) {
    this.#world = world
  }

  /** Goes on with what an earlier process left; what fell due meanwhile happened at its own time. */
  resume(): void {
    for (const organization of this.#world.store.state.managed.organizations) {
      this.#catchUp(organization)
      this.#await(organization)
    }
  }

  /** Starts a warehouse and gives its root password, which nobody can read again. Throws the 409s of managed 1.3. */
  provision(organization: ManagedOrganization, databaseName: string): string {
    if (organization.warehouse !== null && BUSY_STATES.includes(organization.warehouse.status)) {
      throw refusal(409, 'warehouse already exists in non-terminal state')
    }
    const holder = holderOf(this.#world, databaseName)
    if (holder !== undefined && holder !== organization) {
      const cause = 'ERROR: duplicate key value violates unique constraint (SQLSTATE 23505)'
      throw refusal(409, `provision conflicts with existing state (likely database_name in use): ${cause}`)
    }
    const password = newPassword()
    organization.databaseName = databaseName
    organization.provisionedAt ??= timestamp(this.#world)
    organization.warehouse = {
      status: 'pending',
      message: '',
      parts: 'pending',
      readyAt: null,
      failedAt: null,
      dueAt: this.#world.clock() + TICK_MS,
      passwordHash: hash(password),
    }
    this.#await(organization)
    return password
  }

  /** Starts to take a warehouse down. Its name stays taken. Throws 404 and 409. */
  deprovision(organization: ManagedOrganization): void {
    const warehouse = existing(organization)
    if (!REMOVABLE.includes(warehouse.status)) {
      throw refusal(409, 'warehouse must be in ready, failed, or provisioning state to deprovision')
    }
    warehouse.status = 'deleting'
    warehouse.message = 'Deprovisioning...'
    warehouse.dueAt = this.#world.clock() + DELETING_MS
    this.#await(organization)
  }

  /** Gives a new root password; the old one stops working at once. Throws 404 and 409. */
  resetPassword(organization: ManagedOrganization): string {
    const warehouse = existing(organization)
    if (warehouse.status !== 'ready') throw refusal(409, 'warehouse must be in ready state to reset password')
    const password = newPassword()
    warehouse.passwordHash = hash(password)
    return password
  }

  /** Frees the name of a deleted warehouse (edition N). Throws 404 and 409. */
  deleteOrganization(organization: ManagedOrganization): void {
    if (organization.databaseName === null) throw refusal(404, 'org not found')
    if (organization.warehouse !== null && organization.warehouse.status !== 'deleted') {
      const advice = 'deprovision it and wait for teardown to complete before deleting the org'
      throw refusal(409, `warehouse still exists — ${advice}`)
    }
    organization.databaseName = null
    organization.warehouse = null
  }

  #catchUp(organization: ManagedOrganization): void {
    const { warehouse } = organization
    while (warehouse !== null && warehouse.dueAt !== null && warehouse.dueAt <= this.#world.clock()) {
      step(organization, warehouse.dueAt)
    }
  }

  #await(organization: ManagedOrganization): void {
    this.#alarms.get(organization.id)?.()
    this.#alarms.delete(organization.id)
    const dueAt = organization.warehouse?.dueAt ?? null
    if (dueAt === null) return
    const wake = (): void => {
      this.#catchUp(organization)
      this.#await(organization)
      this.#world.store.save().catch(() => this.#world.log('the state could not be written'))
    }
    this.#alarms.set(organization.id, this.#world.alarms.wake(dueAt, wake))
  }
}

/** `test.local` is the zone of every installation that is not PostHog's own; nothing listens there. */
const connectionOf = ({ databaseName }: ManagedOrganization): Readonly<Record<string, unknown>> => ({
  host: `${databaseName}.dw.test.local`,
  port: 5432,
  database: 'ducklake',
  username: 'root',
})

/** A warehouse as the control plane tells of it; what is empty is left out (fact sheet: managed 1.4). Throws 404. */
export const describeWarehouse = (organization: ManagedOrganization): Readonly<Record<string, unknown>> => {
  const warehouse = existing(organization)
  const { status, parts } = warehouse
  return {
    org_id: organization.id,
    state: status,
    status_message: warehouse.message,
    s3_state: parts,
    metadata_store_state: parts,
    identity_state: parts,
    secrets_state: parts,
    ...(warehouse.readyAt === null ? {} : { ready_at: warehouse.readyAt }),
    ...(warehouse.failedAt === null ? {} : { failed_at: warehouse.failedAt }),
    ...(status === 'ready' ? { connection: connectionOf(organization) } : {}),
  }
}
