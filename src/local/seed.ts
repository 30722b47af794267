/** A person; the object others see of it is `toUser`. */
export interface User {
  readonly id: number
  readonly uuid: string
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  /** Membership level by organization id: 1 member, 8 admin, 15 owner (fact sheet: cross-cutting 5). */
  readonly levels: Readonly<Record<string, number>>
  /** The project selected in the web app; null when none is. */
  readonly currentProject: number | null
  /** A disabled person's keys and tokens are refused (fact sheet: cross-cutting 3.1). */
  readonly isActive: boolean
  /** What access control leaves a person on the warehouse's resources (fact sheet: tables 1.2). */
  readonly access: 'none' | 'viewer' | 'editor'
}

/** An organization. Its admins may forbid personal keys to plain members (fact sheet: cross-cutting 3.2, row 3). */
export interface Organization {
  readonly id: string
  readonly name: string
  readonly slug: string
  readonly membersCanUsePersonalApiKeys: boolean
}

/** A project; its id is also its team's and its environment's (fact sheet: cross-cutting 2). */
export interface Project {
  readonly id: number
  readonly uuid: string
  readonly name: string
  readonly organization: string
}

const ACME = '0194d640-0000-7000-8000-000000000001'
const GLOBEX = '0194d640-0000-7000-8000-000000000002'

/** When the seeded world began. */
export const SEEDED_AT = '2025-01-01T00:00:00Z'

/** The two organizations; only the second keeps personal keys from its plain members. */
export const ORGANIZATIONS: readonly Organization[] = [
  { id: ACME, name: 'Acme', slug: 'acme', membersCanUsePersonalApiKeys: true },
  { id: GLOBEX, name: 'Globex', slug: 'globex', membersCanUsePersonalApiKeys: false },
]

const project = (id: number, name: string, organization: string): Project => ({
  id,
  uuid: `0194d641-0000-7000-8000-00000000000${id}`,
  name,
  organization,
})

/** Three projects: two of the first organization, one of the second. */
export const PROJECTS: readonly Project[] = [
  project(1, 'Local warehouse', ACME),
  project(2, 'Staging', ACME),
  project(3, 'Globex', GLOBEX),
]

const user = (
  id: number,
  firstName: string,
  lastName: string,
  levels: Readonly<Record<string, number>>,
  currentProject: number | null,
  more: { readonly isActive?: boolean; readonly access?: User['access'] } = {},
): User => ({
  id,
  uuid: `0194d642-0000-7000-8000-00000000000${id}`,
  firstName,
  lastName,
  email: `${firstName.toLowerCase()}@example.com`,
  levels,
  currentProject,
  isActive: more.isActive ?? true,
  access: more.access ?? 'editor',
})

/**
 * Who owns keys: an admin and a plain member of the first organization, an outsider to it, a member who may only look
 * and one who may not even look at the warehouse, one who was disabled, and one who has selected no project yet.
 */
export const USERS = {
  admin: user(1, 'Ada', 'Li', { [ACME]: 8 }, 1),
  member: user(2, 'Ben', 'Roy', { [ACME]: 1, [GLOBEX]: 1 }, 1),
  outsider: user(3, 'Cy', 'Voss', { [GLOBEX]: 15 }, 3),
  viewer: user(4, 'Dee', 'Ono', { [ACME]: 1 }, 1, { access: 'viewer' }),
  barred: user(5, 'Eli', 'Hart', { [ACME]: 1 }, 1, { access: 'none' }),
  disabled: user(6, 'Fay', 'Kim', { [ACME]: 1 }, 1, { isActive: false }),
  newcomer: user(7, 'Gus', 'Bell', { [ACME]: 1 }, null),
} as const satisfies Readonly<Record<string, User>>

/** The names a key's owner can have. */
export type Owner = keyof typeof USERS

/** The level from which a member counts as an admin. */
export const ADMIN_LEVEL = 8

/** The user with this id, if there is one. */
export const userById = (id: number | null): User | undefined =>
  Object.values(USERS).find((candidate) => candidate.id === id)

/** The organization a project belongs to. */
export const organizationOf = (project: Project): Organization => {
  const found = ORGANIZATIONS.find((candidate) => candidate.id === project.organization)
  if (found === undefined) throw new Error(`project ${project.id} has no organization`)
  return found
}

/** The nested user of other objects (fact sheet: tables 1.5); null when nobody is recorded. */
export const toUser = (id: number | null): Readonly<Record<string, unknown>> | null => {
  const found = userById(id)
  if (found === undefined) return null
  return {
    id: found.id,
    uuid: found.uuid,
    distinct_id: `u_${found.id}`,
    first_name: found.firstName,
    last_name: found.lastName,
    email: found.email,
    is_email_verified: true,
    hedgehog_config: null,
    role_at_organization: 'engineering',
  }
}
