// Buckets that tenants bring themselves, and objects that lie elsewhere than on this machine's disk. SQL that PostgreSQL 15 knows.
import { type Kysely, sql } from 'kysely'

const statements = sql`
CREATE TABLE own_buckets (
  tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  bucket_name text NOT NULL,
  region text NOT NULL,
  -- Null: AWS.
  endpoint_url text,
  credentials bytea NOT NULL,
  key_version integer NOT NULL,
  configured_at timestamptz NOT NULL,
  configured_by uuid,
  validated_at timestamptz,
  error text
);

-- Which key of a purpose is the newest; without a row it is the first.
CREATE TABLE secret_versions (
  purpose text PRIMARY KEY,
  version integer NOT NULL,
  rotated_at timestamptz NOT NULL
);

ALTER TABLE uploads ADD COLUMN bucket_name text;

ALTER TABLE stored_objects ADD COLUMN etag text;
ALTER TABLE stored_objects ADD COLUMN bucket_tenant_id uuid;
ALTER TABLE stored_objects ADD COLUMN bucket_name text;
`

export async function up(db: Kysely<unknown>): Promise<void> {
  await statements.execute(db)
}
