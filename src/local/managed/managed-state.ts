/** How an organization's provisioning is set up, and what is to go wrong (fact sheet: managed 7.1, org). */
export interface ManagedSwitches {
  /** The rollout flag; off answers 403. */
  featureEnabled: boolean
  /** Whether the installation has a control plane at all; without one 501. */
  configured: boolean
  controlPlane: 'reachable' | 'timeout' | 'unreachable'
  /** Edition N refuses to provision for an organization that is being deleted. */
  pendingDeletion: boolean
  /** Why the next provisioning fails; null lets it succeed. Used up by the provisioning that fails. */
  failNext: string | null
}

/** The states of a warehouse and of its four parts (fact sheet: managed 1.4). */
export type ManagedStatus = 'pending' | 'provisioning' | 'ready' | 'failed' | 'deleting' | 'deleted'

/** The warehouse of an organization. Times are ISO texts, `dueAt` is milliseconds since 1970. */
export interface ManagedWarehouse {
  status: ManagedStatus
  message: string
  /** All four parts turn together: they hang on one readiness signal. */
  parts: 'pending' | 'provisioning' | 'ready'
  readyAt: string | null
  failedAt: string | null
  /** When the control plane looks at it again; null when nothing will change by itself. */
  dueAt: number | null
  /** SHA-256 of the root password, which is shown once and never stored. */
  passwordHash: string
}

/** One organization, with all that outlives its warehouse: the name it holds, and that it was ever provisioned. */
export interface ManagedOrganization {
  readonly id: string
  readonly switches: ManagedSwitches
  databaseName: string | null
  /** Set by the first successful provisioning and never taken back. */
  provisionedAt: string | null
  warehouse: ManagedWarehouse | null
}

/** A project's tables in the warehouse of its organization: `events_<suffix>`. Written once. */
export interface Enrolment {
  readonly project: number
  readonly organization: string
  readonly suffix: string
}

/** The "Data ops overview" dashboard of a project, made when it is first asked for. */
export interface OpsDashboard {
  readonly id: number
  readonly project: number
}

/** What the state file keeps of this resource. */
export interface ManagedState {
  readonly organizations: ManagedOrganization[]
  readonly enrolments: Enrolment[]
  readonly dashboards: OpsDashboard[]
}

/** Nothing provisioned anywhere. */
export const emptyManagedState = (): ManagedState => ({ organizations: [], enrolments: [], dashboards: [] })
