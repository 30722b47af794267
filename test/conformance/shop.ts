/** What is in the PostgreSQL behind the rows on sources: the tables of the sheet's examples, and one without keys. */
export const SHOP_SQL = `
CREATE SCHEMA example;
CREATE TABLE example.orders (id integer PRIMARY KEY, total numeric, updated_at timestamptz NOT NULL);
CREATE INDEX ON example.orders (updated_at);
CREATE TABLE example.audit_log (payload jsonb);

CREATE TABLE orders (id integer PRIMARY KEY, total numeric, updated_at timestamptz NOT NULL);
CREATE INDEX ON orders (updated_at);
INSERT INTO orders SELECT n, n - 1, timestamptz '2026-09-01 00:00:00+00' + n * interval '1 minute'
  FROM generate_series(1, 10) n;
CREATE TABLE events_raw (id integer PRIMARY KEY, name text);
INSERT INTO events_raw VALUES (1, 'a'), (2, 'b');
CREATE TABLE countries (id integer PRIMARY KEY, name text);
INSERT INTO countries VALUES (1, 'Norway'), (2, 'Chile');
CREATE TABLE audit_log (payload jsonb);
CREATE TABLE loose (id integer);
`
