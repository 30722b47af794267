import type { Json } from '../src/operation.ts'

/** A project of this many synced tables of 20 columns, as PostHog answers for it. */
export const largeSchema = (tables: number): Json => ({
  tables: Object.fromEntries(
    Array.from({ length: tables }, (_, at) => {
      const name = `postgres.prod.table_${String(at).padStart(5, '0')}`
      const fields = Array.from({ length: 20 }, (_unused, column) => `column_${column}`)
      return [
        name,
        {
          id: `0198bb00-0000-4000-8000-${String(at).padStart(12, '0')}`,
          name,
          type: 'data_warehouse',
          format: 'DeltaS3Wrapper',
          url_pattern: `https://bucket.example.com/team_7/${name}`,
          row_count: at * 997,
          schema: {
            id: 'a',
            name: `table_${at}`,
            should_sync: true,
            status: 'Completed',
            last_synced_at: '2026-09-02 10:00:00+00:00',
          },
          source: {
            id: '0198dd00-0000-4000-8000-000000000001',
            status: 'Completed',
            source_type: 'Postgres',
            prefix: 'prod',
          },
          fields: Object.fromEntries(
            fields.map((field) => [
              field,
              {
                name: field,
                hogql_value: field,
                type: 'string',
                schema_valid: true,
                table: null,
                fields: null,
                chain: null,
              },
            ]),
          ),
        },
      ]
    }),
  ),
  joins: [],
})

/** The three replies behind a snapshot, by path: the schema, and empty lists of sources and views. */
export const answerSchema = (schema: Json, path: string): Json =>
  path.endsWith('/query/') ? schema : { count: 0, next: null, previous: null, results: [] }
