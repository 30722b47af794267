import { FILE_KINDS } from './bucket-files.ts'
import { oauth, plain, select, switchGroup, tunnel, type WizardField } from './wizard-fields.ts'

// Fact sheet: external-data-sources 2.11, "Fields of common sources".

const host = plain('text', 'host', 'Host', { placeholder: 'db.example.com' })
const port = (usual: string) => plain('number', 'port', 'Port', { placeholder: usual })
const database = (usual: string) => plain('text', 'database', 'Database', { placeholder: usual })
const user = (usual: string) => plain('text', 'user', 'User', { placeholder: usual })
const password = plain('password', 'password', 'Password')
const schema = (usual: string) => plain('text', 'schema', 'Schema', { required: false, placeholder: usual })
const connectionString = (example: string) =>
  plain('text', 'connection_string', 'Connection string (optional)', {
    placeholder: example,
    required: false,
    secret: true,
  })

const yesNo = [
  { label: 'Yes', value: 'true', fields: null },
  { label: 'No', value: 'false', fields: null },
]

/** Forms of databases. MongoDB's is inferred: the sheet does not list it. */
export const DATABASE_FIELDS = {
  postgres: [
    connectionString('postgresql://user:password@localhost:5432/database'),
    host,
    port('5432'),
    database('postgres'),
    user('postgres'),
    password,
    schema('public'),
    tunnel,
  ],
  mysql: [
    host,
    port('3306'),
    database('mysql'),
    user('mysql'),
    password,
    schema(''),
    select('using_ssl', 'Use SSL?', yesNo, 'str_to_bool'),
    tunnel,
  ],
  mssql: [
    connectionString('mssql://user:password@localhost:1433/database'),
    host,
    port('1433'),
    database('msdb'),
    user('sa'),
    password,
    schema('dbo'),
    tunnel,
  ],
  snowflake: [
    connectionString(''),
    plain('text', 'account_id', 'Account id'),
    plain('text', 'database', 'Database'),
    plain('text', 'warehouse', 'Warehouse'),
    select('auth_type', 'Authentication type', [
      { label: 'Password', value: 'password', fields: [plain('text', 'user', 'Username'), password] },
      {
        label: 'Key pair',
        value: 'keypair',
        fields: [
          plain('text', 'user', 'Username'),
          plain('textarea', 'private_key', 'Private key', { secret: true }),
          plain('password', 'passphrase', 'Passphrase', { required: false }),
        ],
      },
    ]),
    plain('text', 'role', 'Role (optional)', { required: false }),
    schema(''),
  ],
  bigquery: [
    {
      type: 'file-upload',
      name: 'key_file',
      label: 'Google Cloud JSON key file',
      fileFormat: {
        format: '.json',
        keys: ['project_id', 'private_key', 'private_key_id', 'client_email', 'token_uri'],
      },
      required: true,
    },
    switchGroup('use_custom_region', 'Use a custom region', [plain('text', 'region', 'Region')]),
    plain('text', 'dataset_id', 'Dataset ID'),
    switchGroup('temporary-dataset', 'Use another dataset for temporary tables', [
      plain('text', 'temporary_dataset_id', 'Temporary dataset ID'),
    ]),
    switchGroup('dataset_project', 'Use another project for the dataset', [
      plain('text', 'dataset_project_id', 'Dataset project ID'),
    ]),
  ],
  mongodb: [
    plain('text', 'connection_string', 'Connection string', {
      placeholder: 'mongodb://user:password@localhost:27017/database',
      secret: true,
    }),
  ],
} as const satisfies Readonly<Record<string, readonly WizardField[]>>

/** The form of a bucket, which is the local warehouse's own: PostHog's is not known. */
export const BUCKET_FIELDS = [
  plain('text', 'bucket_url', 'Bucket URL', {
    placeholder: 'https://my-bucket.s3.us-east-1.amazonaws.com/exports/',
    caption: 'The bucket, or a folder in it. Each folder and each file directly below becomes a table.',
  }),
  plain('text', 'access_key', 'Access key', { secret: true }),
  plain('password', 'secret_key', 'Secret key'),
  select(
    'format',
    'File format',
    FILE_KINDS.map(({ format, label }) => ({ label, value: format, fields: null })),
  ),
] as const satisfies readonly WizardField[]

/** Forms of services of the customer-facing kind. */
export const CRM_FIELDS = {
  hubspot: [
    oauth('hubspot_integration_id', 'Hubspot account', 'hubspot'),
    switchGroup('custom_properties', 'Customize synced properties', [
      plain('textarea', 'contacts_properties', 'Contacts properties', {
        required: false,
        placeholder: 'email, firstname',
      }),
    ]),
  ],
  zendesk: [
    plain('text', 'subdomain', 'Zendesk subdomain'),
    plain('password', 'api_key', 'API key'),
    plain('email', 'email_address', 'Zendesk email address'),
  ],
} as const satisfies Readonly<Record<string, readonly WizardField[]>>

/** Forms of the other services. */
export const SAAS_FIELDS = {
  stripe: [
    select('auth_method', 'Authentication method', [
      {
        label: 'API key',
        value: 'api_key',
        fields: [plain('password', 'stripe_secret_key', 'API key', { required: false })],
      },
      { label: 'OAuth', value: 'oauth', fields: [oauth('stripe_integration_id', 'Stripe account', 'stripe', false)] },
    ]),
    plain('text', 'stripe_account_id', 'Account id', { required: false }),
  ],
  signingSecret: [plain('password', 'signing_secret', 'Signing secret', { required: false })],
  googleSheets: [plain('text', 'spreadsheet_url', 'Spreadsheet URL')],
  github: [
    select('auth_method', 'Authentication method', [
      { label: 'OAuth', value: 'oauth', fields: [oauth('github_integration_id', 'GitHub account', 'github', false)] },
      {
        label: 'Personal access token',
        value: 'pat',
        fields: [plain('password', 'personal_access_token', 'Personal access token', { required: false })],
      },
    ]),
    {
      type: 'oauth-account-select',
      name: 'repositories',
      label: 'Repositories',
      integrationField: 'github_integration_id',
      integrationKind: 'github',
      multiple: true,
      required: true,
      hidden: false,
      placeholder: '',
      caption: null,
    },
  ],
} as const satisfies Readonly<Record<string, readonly WizardField[]>>
