// Signing in a command line through a browser, and sessions that end at a fixed time. SQL that PostgreSQL 15 knows.
import { type Kysely, sql } from 'kysely'

const statements = sql`
-- When the session ends at the latest; null leaves it to its sliding life.
ALTER TABLE sessions ADD COLUMN ends_at timestamptz;

CREATE TABLE cli_logins (
  id uuid PRIMARY KEY,
  device_hash bytea NOT NULL UNIQUE,
  user_code text NOT NULL UNIQUE,
  code_challenge text NOT NULL,
  client_name text NOT NULL,
  ip_address text NOT NULL,
  redirect_uri text,
  -- SHA-256 of the code that the browser carries to redirect_uri.
  redirect_code_hash bytea,
  approved_by uuid REFERENCES users (id) ON DELETE CASCADE,
  -- The session that approved: what it had proved, the new one has.
  approving_session uuid REFERENCES sessions (id) ON DELETE CASCADE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  denied_at timestamptz
);
`

export async function up(db: Kysely<unknown>): Promise<void> {
  await statements.execute(db)
}
