// Teams, second factors, identities, policies, usage, and the trail's retention and delivery. SQL that PostgreSQL 15 knows.
import { type Kysely, sql } from 'kysely'

const statements = sql`
-- When the first factor was enrolled, null while there is none: what a login asks before it begins a session.
ALTER TABLE users ADD COLUMN factor_enrolled_at timestamptz;
-- When a second factor was last proved in this session, null while none was.
ALTER TABLE sessions ADD COLUMN factor_at timestamptz;

ALTER TABLE one_time_tokens DROP CONSTRAINT one_time_tokens_purpose_check;
ALTER TABLE one_time_tokens ADD CONSTRAINT one_time_tokens_purpose_check CHECK (purpose IN ('verify_email', 'reset_password', 'change_email'));
-- The address that a change_email token proves.
ALTER TABLE one_time_tokens ADD COLUMN new_email text;

-- The secret in use, and one that a first code is awaited of, drawn at created_at; either may be missing.
CREATE TABLE totp_secrets (
  user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  secret bytea,
  candidate bytea,
  created_at timestamptz NOT NULL,
  confirmed_at timestamptz,
  last_step bigint
);
CREATE TABLE recovery_codes (
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  code_hash bytea NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (user_id, code_hash)
);
CREATE TABLE passkeys (
  id text PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name text NOT NULL,
  public_key bytea NOT NULL,
  counter bigint NOT NULL,
  transports text[] NOT NULL DEFAULT '{}',
  backed_up boolean NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX passkeys_user ON passkeys (user_id);
-- A ceremony under way: what the authenticator must sign, and for whom.
CREATE TABLE passkey_challenges (
  id uuid PRIMARY KEY,
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose IN ('enrol', 'sign_in', 'second_factor', 'reauthenticate')),
  challenge text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
-- A password proved, a factor still owed: no session, and nothing that any other route takes.
CREATE TABLE pending_logins (
  id uuid PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  method text NOT NULL,
  -- Of the password that stood then: one that was replaced since lets nobody in.
  password_digest bytea NOT NULL,
  remember_me boolean NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE identities (
  issuer text NOT NULL,
  subject text NOT NULL,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider text NOT NULL,
  email text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject),
  UNIQUE (user_id, issuer)
);
CREATE TABLE oidc_states (
  state_hash bytea PRIMARY KEY,
  browser_hash bytea NOT NULL,
  provider text NOT NULL,
  action text NOT NULL CHECK (action IN ('login', 'register', 'link')),
  user_id uuid REFERENCES users (id) ON DELETE CASCADE,
  -- Of a link: whoever ends this session ends the linking it began.
  session_id uuid REFERENCES sessions (id) ON DELETE CASCADE,
  nonce text NOT NULL,
  code_verifier text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

ALTER TABLE tenants
  ADD COLUMN allowed_vlm_providers text[] NOT NULL DEFAULT '{}',
  ADD COLUMN max_key_life_days integer,
  ADD COLUMN default_key_life_days integer,
  ADD COLUMN key_allowed_ips text[] NOT NULL DEFAULT '{}',
  ADD COLUMN factor_required boolean NOT NULL DEFAULT false;
CREATE TABLE invitations (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  email text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
  invited_by uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
-- One owner of a tenant at a time, whatever runs in parallel.
CREATE UNIQUE INDEX memberships_owner ON memberships (tenant_id) WHERE role = 'owner';
CREATE UNIQUE INDEX invitations_open ON invitations (tenant_id, email) WHERE ended_at IS NULL;

-- Where a pruned trail begins: the last row that was removed, authenticated like the head.
CREATE TABLE audit_bases (
  tenant_id uuid PRIMARY KEY,
  sequence bigint NOT NULL,
  base bytea NOT NULL,
  hmac bytea NOT NULL
);
CREATE INDEX audit_events_time ON audit_events (tenant_id, event_timestamp);
CREATE INDEX audit_events_type ON audit_events (tenant_id, event_type, sequence);
CREATE INDEX audit_events_user ON audit_events (tenant_id, user_id, sequence);
-- Filters by severity and result ask for the rare ones; a partial index costs the usual row nothing.
CREATE INDEX audit_events_unusual ON audit_events (tenant_id, sequence) WHERE severity <> 'info' OR result <> 'success';
CREATE TABLE webhook_deliveries (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  url text NOT NULL,
  payload text NOT NULL,
  status text NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  response_status integer,
  error text,
  created_at timestamptz NOT NULL,
  -- When it is due; moved on before each attempt, so that no two servers make the same one.
  next_attempt_at timestamptz NOT NULL,
  last_attempt_at timestamptz,
  delivered_at timestamptz
);
CREATE INDEX webhook_deliveries_tenant ON webhook_deliveries (tenant_id, created_at DESC, id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, next_attempt_at) WHERE status = 'pending';
-- How far each workspace's trail has become deliveries.
CREATE TABLE webhook_cursors (
  tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  sequence bigint NOT NULL
);
-- Which of its signing secrets a workspace is at; no row is the first.
CREATE TABLE webhook_secrets (
  tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  version integer NOT NULL,
  rotated_at timestamptz NOT NULL
);
CREATE INDEX tenants_webhook ON tenants (id) WHERE webhook_url IS NOT NULL;
CREATE INDEX api_keys_expiry ON api_keys (expires_at) WHERE revoked_at IS NULL;

CREATE TABLE usage_minutes (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  api_key_id uuid NOT NULL,
  route text NOT NULL,
  status_class smallint NOT NULL,
  minute timestamptz NOT NULL,
  requests integer NOT NULL,
  milliseconds double precision NOT NULL,
  PRIMARY KEY (tenant_id, minute, api_key_id, route, status_class)
);
-- The newest of each tenant, one row a request; its route is method and path, as in usage_minutes.
CREATE TABLE usage_requests (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  at timestamptz NOT NULL,
  id uuid NOT NULL,
  api_key_id uuid NOT NULL,
  route text NOT NULL,
  status_code smallint NOT NULL,
  milliseconds double precision NOT NULL,
  error_code text,
  PRIMARY KEY (tenant_id, at, id)
);
-- A batch that was written is never written again, whatever became of the answer.
CREATE TABLE usage_batches (
  id uuid PRIMARY KEY,
  written_at timestamptz NOT NULL
);
-- Mails that were sent once and must not be sent twice: a limit reached in a month, a key about to expire, a week's digest;
-- and the day a key was last in the trail as used.
CREATE TABLE notices (
  subject_id uuid NOT NULL,
  kind text NOT NULL,
  sent_at timestamptz NOT NULL,
  PRIMARY KEY (subject_id, kind)
);
`

export async function up(db: Kysely<unknown>): Promise<void> {
  await statements.execute(db)
}
