/**
 * The `events` and `persons` every project has. 24 people, 360 events, one every two hours up to the anchor:
 * the same rows for the same anchor, so that examples and tests can say what they expect.
 */

const people = 24
const events = 360

/** The tables by the name SQL uses. */
export const seededTables: ReadonlyMap<string, string> = new Map([
  ['events', 'seed.events'],
  ['persons', 'seed.persons'],
])

const uuidOf = (text: string): string => `toUUID(lower(hex(MD5(${text}))))`

/** Statements that build the seeded tables. `anchor` is the time of the newest event. */
export function seedStatements(anchor: Date): readonly string[] {
  const end = `toDateTime64('${anchor.toISOString().replace('T', ' ').replace('Z', '')}', 6, 'UTC')`
  const who = `number * 7 % ${people}`
  return [
    'CREATE DATABASE IF NOT EXISTS seed',
    `CREATE OR REPLACE TABLE seed.persons ENGINE = Memory AS
     SELECT ${uuidOf("concat('person-', toString(number))")} AS id,
       ${end} - toIntervalDay(30 + number) AS created_at,
       concat('{"email":"user', toString(number), '@example.com","plan":"',
         arrayElement(['free', 'team', 'enterprise'], number % 3 + 1), '","country":"',
         arrayElement(['DE', 'US', 'GB', 'FR'], number % 4 + 1), '"}') AS properties,
       toBool(number % 2 = 0) AS is_identified
     FROM numbers(${people})`,
    `CREATE OR REPLACE TABLE seed.events ENGINE = Memory AS
     SELECT ${uuidOf("concat('event-', toString(number))")} AS uuid,
       arrayElement(['$pageview', '$pageview', '$pageview', 'signup', 'purchase', 'plan changed'], number % 6 + 1) AS event,
       concat('{"$browser":"', arrayElement(['Chrome', 'Firefox', 'Safari'], number % 3 + 1),
         '","$current_url":"https://example.com/', arrayElement(['', 'pricing', 'docs', 'signup'], number % 4 + 1), '"',
         if(number % 6 = 4, concat(',"revenue":', toString(10 + number % 5 * 5)), ''), '}') AS properties,
       ${end} - toIntervalHour(2 * (${events - 1} - number)) AS timestamp,
       concat('user-', toString(${who})) AS distinct_id,
       ${uuidOf(`concat('person-', toString(${who}))`)} AS person_id,
       '' AS elements_chain,
       timestamp AS created_at
     FROM numbers(${events})`,
  ]
}
