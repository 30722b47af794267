import { unauthenticated } from './errors.ts'
import type { ApiKey } from './keys.ts'
import { byOffset } from './paging.ts'
import type { Route } from './route.ts'
import { ORGANIZATIONS, type Organization, PROJECTS, type Project, SEEDED_AT, toUser } from './seed.ts'

type Shown = Readonly<Record<string, unknown>>

const toProject = (project: Project): Shown => ({
  id: project.id,
  uuid: project.uuid,
  organization: project.organization,
  project_id: project.id,
  api_token: `phc_local_project_${project.id}`,
  name: project.name,
  completed_snippet_onboarding: true,
  has_completed_onboarding_for: {},
  ingested_event: true,
  is_demo: false,
  timezone: 'UTC',
  access_control: false,
})

const toOrganization = (organization: Organization, key: ApiKey): Shown => ({
  id: organization.id,
  name: organization.name,
  slug: organization.slug,
  logo_media_id: null,
  membership_level: key.user.levels[organization.id] ?? null,
  members_can_use_personal_api_keys: organization.membersCanUsePersonalApiKeys,
  is_active: true,
  is_not_active_reason: null,
  is_pending_deletion: false,
})

const organizationsOf = (key: ApiKey): readonly Organization[] =>
  ORGANIZATIONS.filter((organization) => key.user.levels[organization.id] !== undefined)

const allowedBy = (key: ApiKey, organization: string): boolean =>
  key.scopedOrganizations.length === 0 || key.scopedOrganizations.includes(organization)

const currentProject = (key: ApiKey): Project | undefined =>
  PROJECTS.find((project) => project.id === key.user.currentProject)

const me = (key: ApiKey): Shown => {
  const team = currentProject(key)
  const organization = ORGANIZATIONS.find((candidate) => candidate.id === team?.organization)
  const projects = PROJECTS.filter((project) => project.organization === organization?.id).map(toProject)
  return {
    ...toUser(key.user.id),
    is_staff: false,
    date_joined: SEEDED_AT,
    team: team === undefined ? null : toProject(team),
    organization:
      organization === undefined
        ? null
        : { ...toOrganization(organization, key), is_ai_data_processing_approved: true, projects, teams: projects },
    organizations: organizationsOf(key).map((each) => toOrganization(each, key)),
  }
}

const currentKey = (key: ApiKey): Shown => ({
  id: key.id,
  label: key.label,
  value: null,
  mask_value: key.mask,
  scopes: key.scopes,
  scoped_teams: key.scopedTeams,
  scoped_organizations: key.scopedOrganizations,
  created_at: key.createdAt,
  last_used_at: key.lastUsedAt,
  user_id: key.user.id,
})

const projectsIn = (organization: string | undefined): readonly Shown[] =>
  PROJECTS.filter((project) => project.organization === organization).map(toProject)

/** Who am I, and which projects are mine (fact sheet: cross-cutting 5). */
export const accountRoutes: readonly Route[] = [
  {
    at: 'user',
    method: 'GET',
    path: '/users/@me',
    scopes: ['user:read'],
    run: ({ key }) => ({ status: 200, body: me(key) }),
  },
  {
    at: 'user',
    method: 'GET',
    path: '/personal_api_keys/@current',
    scopes: [],
    run: ({ key }) => {
      // Upstream looks for a personal key only, so that an OAuth token is nothing at all here.
      if (key.kind === 'oauth') throw unauthenticated()
      return { status: 200, body: currentKey(key) }
    },
  },
  {
    at: 'account',
    method: 'GET',
    path: '/organizations',
    scopes: ['organization:read'],
    run: ({ key, url }) => {
      const rows = organizationsOf(key).filter((each) => allowedBy(key, each.id))
      return {
        status: 200,
        body: byOffset(
          rows.map((each) => toOrganization(each, key)),
          url,
        ),
      }
    },
  },
  {
    at: 'organization',
    method: 'GET',
    path: '/organizations/:organization/projects',
    scopes: ['project:read'],
    run: ({ organization, url }) => ({ status: 200, body: byOffset(projectsIn(organization.id), url) }),
  },
  {
    at: 'account',
    method: 'GET',
    path: '/projects',
    scopes: ['project:read'],
    run: ({ key, url }) => {
      const organization = currentProject(key)?.organization
      const visible = organization !== undefined && allowedBy(key, organization) ? organization : undefined
      return { status: 200, body: byOffset(projectsIn(visible), url) }
    },
  },
  {
    at: 'project',
    method: 'GET',
    path: '',
    scopes: ['project:read'],
    run: ({ project }) => ({ status: 200, body: toProject(project) }),
  },
]
