import type { WizardField } from './wizard-fields.ts'
import { BUCKET_FIELDS, CRM_FIELDS, DATABASE_FIELDS, SAAS_FIELDS } from './wizard-forms.ts'

/** One source type as the wizard describes it; every key is there, null when unset. */
export interface WizardEntry {
  readonly caption: string | null
  readonly category: string
  readonly disabledReason: string | null
  readonly docsUrl: string | null
  readonly existingSource: boolean | null
  readonly featureFlag: string | null
  readonly featured: boolean
  readonly fields: readonly WizardField[]
  readonly iconClassName: string | null
  readonly iconPath: string
  readonly keywords: readonly string[] | null
  readonly label: string | null
  readonly name: string
  readonly permissionsCaption: string | null
  readonly releaseStatus: 'alpha' | 'beta' | 'ga' | null
  readonly suggestedTables: readonly { readonly table: string; readonly tooltip: string | null }[]
  readonly supportsColumnSelection: boolean
  readonly unreleasedSource: boolean | null
  readonly webhookFields: readonly WizardField[] | null
  readonly webhookManualOnly: boolean | null
  readonly webhookSetupCaption: string | null
  readonly versions: readonly string[]
  readonly defaultVersion: string
  readonly apiDocsUrl: string | null
  readonly deprecatedVersions: readonly { readonly version: string; readonly sunsetAt: string | null }[]
}

type Told = Partial<Omit<WizardEntry, 'name' | 'category' | 'fields'>>

const entry = (name: string, category: string, fields: readonly WizardField[], told: Told = {}): WizardEntry => ({
  caption: null,
  category,
  disabledReason: null,
  docsUrl: `https://posthog.com/docs/cdp/sources/${name.toLowerCase()}`,
  existingSource: null,
  featureFlag: null,
  featured: false,
  fields,
  iconClassName: null,
  iconPath: `/static/services/${name.toLowerCase()}.png`,
  keywords: null,
  label: null,
  name,
  permissionsCaption: null,
  releaseStatus: null,
  suggestedTables: [],
  supportsColumnSelection: false,
  unreleasedSource: null,
  webhookFields: null,
  webhookManualOnly: null,
  webhookSetupCaption: null,
  versions: ['v1'],
  defaultVersion: 'v1',
  apiDocsUrl: null,
  deprecatedVersions: [],
  ...told,
})

const database = (name: string, fields: readonly WizardField[], told: Told = {}): WizardEntry =>
  entry(name, 'Databases', fields, { supportsColumnSelection: true, ...told })

const bucket = (name: string, label: string, address: string): WizardEntry =>
  entry(name, 'File storage', BUCKET_FIELDS, {
    caption: `This form is the local warehouse's own: PostHog has not released ${label} as a source, so its form is not known, and its buckets are linked as tables. ${address}`,
    // There is no page of PostHog's on this form.
    docsUrl: null,
    label,
    supportsColumnSelection: true,
  })

const suggested = (...tables: readonly string[]) => tables.map((table) => ({ table, tooltip: null }))

const entries: readonly WizardEntry[] = [
  database('Postgres', DATABASE_FIELDS.postgres, {
    caption: 'Enter the credentials of a user that may read the tables to sync.',
    featured: true,
    keywords: ['postgresql', 'sql', 'rds', 'aws rds', 'amazon rds', 'aurora'],
  }),
  database('Supabase', DATABASE_FIELDS.postgres),
  database('Neon', DATABASE_FIELDS.postgres),
  database('PlanetScalePostgres', DATABASE_FIELDS.postgres),
  database('MySQL', DATABASE_FIELDS.mysql, { featured: true }),
  database('PlanetScaleMySQL', DATABASE_FIELDS.mysql),
  database('MSSQL', DATABASE_FIELDS.mssql),
  database('Snowflake', DATABASE_FIELDS.snowflake),
  database('BigQuery', DATABASE_FIELDS.bigquery),
  database('MongoDB', DATABASE_FIELDS.mongodb, { supportsColumnSelection: false }),
  bucket('AmazonS3', 'Amazon S3', 'Any storage that speaks S3 will do; the region belongs into the URL.'),
  bucket(
    'GoogleCloudStorage',
    'Google Cloud Storage',
    'The URL is https://storage.googleapis.com/my-bucket/exports/ and the keys are HMAC keys.',
  ),
  entry('Stripe', 'Payments & billing', SAAS_FIELDS.stripe, {
    featured: true,
    permissionsCaption: 'The key needs read access to every table to sync.',
    suggestedTables: suggested('Customer', 'Charge', 'Invoice', 'Subscription', 'Product'),
    webhookFields: SAAS_FIELDS.signingSecret,
    versions: ['2024-09-30.acacia', '2026-08-26.dahlia'],
    defaultVersion: '2026-08-26.dahlia',
  }),
  entry('Hubspot', 'CRM', CRM_FIELDS.hubspot, {
    featured: true,
    versions: ['v3', '2026-03'],
    defaultVersion: '2026-03',
    apiDocsUrl: 'https://developers.hubspot.com/docs/api-reference/latest/overview',
  }),
  entry('Zendesk', 'Customer support', CRM_FIELDS.zendesk, {
    caption: 'Enter an API key of your Zendesk account.',
    iconClassName: 'rounded dark:bg-white p-[2px]',
    versions: ['v2'],
    defaultVersion: 'v2',
    apiDocsUrl: 'https://developer.zendesk.com/api-reference',
  }),
  entry('GoogleSheets', 'Productivity', SAAS_FIELDS.googleSheets),
  entry('Github', 'Engineering & monitoring', SAAS_FIELDS.github, { webhookFields: SAAS_FIELDS.signingSecret }),
]

/** The types whose form is known, by name; every other type of the enum cannot be connected anyway. */
export const WIZARD: ReadonlyMap<string, WizardEntry> = new Map(entries.map((one) => [one.name, one]))
