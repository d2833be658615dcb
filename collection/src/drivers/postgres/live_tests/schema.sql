-- A small shop, for the tests against real servers.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL,
    name varchar(80) COLLATE "C",
    country char(2) NOT NULL,
    mood mood NOT NULL DEFAULT 'ok',
    profile jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    address inet,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers (id),
    parent_id bigint REFERENCES orders (id),
    status text NOT NULL,
    total numeric(12, 2) NOT NULL,
    weight double precision NOT NULL,
    day date NOT NULL,
    at_time time NOT NULL DEFAULT '12:00',
    created_at timestamptz NOT NULL,
    local_at timestamp NOT NULL,
    lasted interval NOT NULL DEFAULT '1 hour'
);
CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, kind int NOT NULL, note text)
    PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Odd Table" ("Odd Column" int, "select" text);

INSERT INTO customers (email, name, country, mood, profile, tags, address, deleted_at, created_at)
SELECT 'user' || i || '@example.com', 'User ' || i, (ARRAY['de', 'fr', 'us'])[1 + i % 3],
       (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood, json_build_object('level', i % 10)::jsonb,
       ARRAY['a' || i % 5, 'b'], ('10.0.0.' || i % 250)::inet,
       CASE WHEN i % 50 = 0 THEN timestamptz '2024-06-01' END,
       timestamptz '2024-01-01' + i * interval '1 hour'
  FROM generate_series(1, 2000) i;
INSERT INTO orders (customer_id, parent_id, status, total, weight, day, created_at, local_at)
SELECT 1 + i % 2000, CASE WHEN i % 7 = 0 THEN 1 + i % 6 END,
       (ARRAY['open', 'paid', 'sent', 'done', 'done', 'done'])[1 + i % 6], i % 500, i % 30,
       date '2024-01-01' + i % 365, timestamptz '2024-01-01' + i * interval '1 minute',
       timestamp '2024-01-01' + i * interval '1 minute'
  FROM generate_series(1, 20000) i;
INSERT INTO events SELECT i, timestamptz '2024-01-01' + i * interval '1 hour', i % 5, 'note ' || i
  FROM generate_series(1, 10000) i;
CREATE INDEX orders_customer_id_created_at_idx ON orders (customer_id, created_at DESC NULLS LAST)
    INCLUDE (total) WHERE status <> 'done';
CREATE INDEX customers_lower_idx ON customers (lower(email) text_pattern_ops, (id + 1));
CREATE UNIQUE INDEX customers_name_idx ON customers (name COLLATE "POSIX");
CREATE INDEX customers_profile_idx ON customers USING gin (profile jsonb_path_ops);
ANALYZE;
CREATE TABLE never_analyzed (id int) WITH (autovacuum_enabled = off);
