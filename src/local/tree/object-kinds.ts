/** What the tree knows of a type of object. */
export interface ObjectKind {
  /** Where objects without a row are filed. */
  readonly folder: string
  /** The name of its API, as it appears in addresses. */
  readonly api: string
  /** The part of the app's address before the reference. */
  readonly page: string
  /** Objects deleted softly can be brought back. */
  readonly mode: 'soft' | 'hard'
}

const soft = (folder: string, api: string, page: string): ObjectKind => ({ folder, api, page, mode: 'soft' })
const hard = (folder: string, api: string, page: string): ObjectKind => ({ folder, api, page, mode: 'hard' })

// The registered types of fact sheet: files-exports 4.5. It does not say which of the products' types are soft.
const KINDS: Readonly<Record<string, ObjectKind>> = {
  action: soft('Actions', 'actions', '/data-management/actions/'),
  dashboard: soft('Dashboards', 'dashboards', '/dashboard/'),
  feature_flag: soft('Feature Flags', 'feature_flags', '/feature_flags/'),
  experiment: soft('Experiments', 'experiments', '/experiments/'),
  insight: soft('Insights', 'insights', '/insights/'),
  session_recording_playlist: soft('Replay playlists', 'session_recording_playlists', '/replay/playlists/'),
  cohort: soft('Cohorts', 'cohorts', '/cohorts/'),
  notebook: soft('Notebooks', 'notebooks', '/notebooks/'),
  survey: hard('Surveys', 'surveys', '/surveys/'),
  link: hard('Links', 'links', '/links/'),
  early_access_feature: hard('Early Access Features', 'early_access_feature', '/early_access_features/'),
}

const FUNCTIONS = 'hog_function/'

/** Kinds of functions, which searches may name without the prefix. */
const FUNCTION_KINDS = [
  'broadcast',
  'destination',
  'internal_destination',
  'site_app',
  'site_destination',
  'source',
  'source_webhook',
  'transformation',
]

/** `destination` and the like as the type they are; other words stay. */
export const toType = (word: string): string => (FUNCTION_KINDS.includes(word) ? FUNCTIONS + word : word)

const toFolder = (kind: string): string => `${kind[0]?.toUpperCase()}${kind.slice(1).replaceAll('_', ' ')}s`

/** The kind of a registered type; undefined for types that cannot be deleted through the tree. */
export const kindOf = (type: string): ObjectKind | undefined => {
  if (type.startsWith(FUNCTIONS)) return soft(toFolder(type.slice(FUNCTIONS.length)), 'hog_functions', '/functions/')
  return Object.hasOwn(KINDS, type) ? KINDS[type] : undefined
}
