const OBJECTS: readonly string[] = [
  'activity_log',
  'batch_export',
  'dashboard',
  'export',
  'external_data_schema',
  'external_data_source',
  'file_system',
  'file_system_shortcut',
  'hog_function',
  'insight',
  'organization',
  'organization_member',
  'project',
  'query',
  'user',
  'warehouse_objects',
  'warehouse_table',
  'warehouse_view',
]

/** Scopes about the person, which give no access to the API. */
export const IDENTITY_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'introspection']

/** What an application may ask for; `*` is not among it (fact sheet: cross-cutting 3.3 and 4). */
export const SCOPES: readonly string[] = [
  ...IDENTITY_SCOPES,
  ...OBJECTS.flatMap((object) => [`${object}:read`, `${object}:write`]),
]

/** The words of a `scope` parameter. */
export const toScopes = (text: string): readonly string[] => [
  ...new Set(text.split(/\s+/).filter((word) => word !== '')),
]
