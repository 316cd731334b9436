// The tables of accounts, tenants, keys, uploads and the trail. SQL that PostgreSQL 15 knows.
import { type Kysely, sql } from 'kysely'

const statements = sql`
CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  password_hash text,
  email_verified_at timestamptz,
  is_active boolean NOT NULL DEFAULT true,
  preferences jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  last_login_at timestamptz
);

CREATE TABLE tenants (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  owner_user_id uuid NOT NULL REFERENCES users (id),
  plan text NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'starter', 'professional', 'enterprise')),
  plan_changed_at timestamptz,
  cancel_at_period_end boolean NOT NULL DEFAULT false,
  is_active boolean NOT NULL DEFAULT true,
  webhook_url text,
  allowed_domains text[] NOT NULL DEFAULT '{}',
  custom_config jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX tenants_owner ON tenants (owner_user_id);

CREATE TABLE memberships (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
  joined_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  token_hash bytea NOT NULL UNIQUE,
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  remember_me boolean NOT NULL DEFAULT false,
  ip_address text,
  user_agent text,
  created_at timestamptz NOT NULL,
  authenticated_at timestamptz NOT NULL,
  last_accessed_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE one_time_tokens (
  id uuid PRIMARY KEY,
  purpose text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
  user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  token_hash bytea NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  consumed_at timestamptz
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, purpose);

CREATE TABLE api_keys (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  created_by uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  name text NOT NULL,
  description text,
  key_prefix text NOT NULL,
  key_hash bytea NOT NULL UNIQUE,
  environment text NOT NULL CHECK (environment IN ('live', 'test')),
  scopes text[] NOT NULL,
  metadata jsonb NOT NULL DEFAULT '{}',
  rate_limit_per_minute integer,
  allowed_ips text[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  revocation_reason text,
  rotated_from uuid UNIQUE REFERENCES api_keys (id) ON DELETE SET NULL,
  rotated_to uuid UNIQUE REFERENCES api_keys (id) ON DELETE SET NULL,
  last_used_at timestamptz,
  last_used_ip text,
  usage_count bigint NOT NULL DEFAULT 0
);
CREATE INDEX api_keys_tenant ON api_keys (tenant_id, created_at DESC);

CREATE TABLE audit_events (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  sequence bigint NOT NULL,
  event_type text NOT NULL,
  event_timestamp timestamptz NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  user_id uuid,
  api_key_id uuid,
  action text NOT NULL,
  result text NOT NULL CHECK (result IN ('success', 'failure', 'denied')),
  ip_address text,
  resource_type text,
  resource_id text,
  error_message text,
  metadata jsonb,
  hmac bytea NOT NULL,
  UNIQUE (tenant_id, sequence)
);
CREATE TABLE audit_heads (
  tenant_id uuid PRIMARY KEY,
  sequence bigint NOT NULL,
  head bytea NOT NULL,
  hmac bytea NOT NULL
);

CREATE TABLE upload_batches (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  created_by uuid,
  kind text NOT NULL CHECK (kind IN ('mixed', 'document')),
  intent text,
  additional_params jsonb,
  status text NOT NULL CHECK (status IN ('pending', 'uploading', 'processing', 'completed', 'failed', 'expired')),
  total_files integer NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE INDEX upload_batches_tenant ON upload_batches (tenant_id, created_at DESC);

CREATE TABLE uploads (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  created_by uuid,
  batch_id uuid REFERENCES upload_batches (id) ON DELETE CASCADE,
  batch_index integer,
  media_type text NOT NULL CHECK (media_type IN ('image', 'document')),
  filename text NOT NULL,
  content_type text NOT NULL,
  size_bytes bigint NOT NULL,
  object_key text NOT NULL UNIQUE,
  status text NOT NULL CHECK (status IN ('pending', 'confirmed', 'failed', 'expired')),
  error_message text,
  idempotency_key text,
  idempotency_fingerprint bytea,
  url_expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  confirmed_at timestamptz
);
CREATE UNIQUE INDEX uploads_idempotency ON uploads (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX uploads_tenant ON uploads (tenant_id, created_at DESC);
CREATE INDEX uploads_batch ON uploads (batch_id);
CREATE INDEX uploads_open ON uploads (created_at) WHERE status <> 'confirmed';

CREATE TABLE stored_objects (
  object_key text PRIMARY KEY,
  file_name text NOT NULL UNIQUE,
  size_bytes bigint NOT NULL,
  sha256 bytea NOT NULL,
  content_type text NOT NULL,
  stored_at timestamptz NOT NULL
);

CREATE TABLE files (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  uploaded_by uuid,
  object_key text NOT NULL UNIQUE,
  media_type text NOT NULL CHECK (media_type IN ('image', 'document')),
  document_type text,
  filename text NOT NULL,
  title text,
  tags text[] NOT NULL DEFAULT '{}',
  content_type text NOT NULL,
  size_bytes bigint NOT NULL,
  sha256 text NOT NULL,
  width integer,
  height integer,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz
);
CREATE INDEX files_tenant ON files (tenant_id, created_at DESC);
CREATE INDEX files_hash ON files (tenant_id, sha256);
CREATE INDEX files_deleted ON files (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE tenant_storage (
  tenant_id uuid PRIMARY KEY REFERENCES tenants (id) ON DELETE CASCADE,
  bytes bigint NOT NULL DEFAULT 0 CHECK (bytes >= 0)
);
CREATE TABLE monthly_uploads (
  tenant_id uuid NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
  month date NOT NULL,
  uploads integer NOT NULL,
  PRIMARY KEY (tenant_id, month)
);
`

export async function up(db: Kysely<unknown>): Promise<void> {
  await statements.execute(db)
}
