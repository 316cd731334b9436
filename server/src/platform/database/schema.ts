// The tables as TypeScript sees them; every change here has its migration beside it.
import type { ColumnType, Generated, JSONColumnType } from 'kysely'

type Nullable<T> = ColumnType<T | null, T | null | undefined, T | null>
type Json = JSONColumnType<Record<string, unknown>, string | undefined, string>

interface Users {
  id: string
  email: string
  name: string
  password_hash: Nullable<string>
  email_verified_at: Nullable<Date>
  is_active: Generated<boolean>
  preferences: Json
  created_at: Date
  updated_at: Date
  last_login_at: Nullable<Date>
  /** Null while no second factor is enrolled. */
  factor_enrolled_at: Nullable<Date>
}

interface Tenants {
  id: string
  name: string
  owner_user_id: string
  plan: Generated<'free' | 'starter' | 'professional' | 'enterprise'>
  plan_changed_at: Nullable<Date>
  cancel_at_period_end: Generated<boolean>
  is_active: Generated<boolean>
  webhook_url: Nullable<string>
  allowed_domains: Generated<string[]>
  custom_config: Json
  allowed_vlm_providers: Generated<string[]>
  max_key_life_days: Nullable<number>
  default_key_life_days: Nullable<number>
  key_allowed_ips: Generated<string[]>
  factor_required: Generated<boolean>
  created_at: Date
  updated_at: Date
}

interface Memberships {
  tenant_id: string
  user_id: string
  role: 'owner' | 'admin' | 'editor' | 'viewer'
  joined_at: Date
}

interface Sessions {
  id: string
  token_hash: Buffer
  user_id: string
  remember_me: Generated<boolean>
  ip_address: Nullable<string>
  user_agent: Nullable<string>
  created_at: Date
  authenticated_at: Date
  last_accessed_at: Date
  /** When a second factor was last proved in this session. */
  factor_at: Nullable<Date>
  /** When it ends at the latest; null leaves it to its sliding life. */
  ends_at: Nullable<Date>
}

interface OneTimeTokens {
  id: string
  purpose: 'verify_email' | 'reset_password' | 'change_email'
  user_id: string
  token_hash: Buffer
  created_at: Date
  expires_at: Date
  consumed_at: Nullable<Date>
  /** The address that a change_email token proves. */
  new_email: Nullable<string>
}

interface ApiKeys {
  id: string
  tenant_id: string
  created_by: string
  name: string
  description: Nullable<string>
  key_prefix: string
  key_hash: Buffer
  environment: 'live' | 'test'
  scopes: string[]
  metadata: Json
  rate_limit_per_minute: Nullable<number>
  allowed_ips: Generated<string[]>
  created_at: Date
  updated_at: Date
  expires_at: Nullable<Date>
  revoked_at: Nullable<Date>
  revocation_reason: Nullable<string>
  rotated_from: Nullable<string>
  rotated_to: Nullable<string>
  last_used_at: Nullable<Date>
  last_used_ip: Nullable<string>
  usage_count: Generated<number>
}

interface AuditEvents {
  id: string
  tenant_id: string
  sequence: number
  event_type: string
  event_timestamp: Date
  severity: 'info' | 'warning' | 'error' | 'critical'
  user_id: Nullable<string>
  api_key_id: Nullable<string>
  action: string
  result: 'success' | 'failure' | 'denied'
  ip_address: Nullable<string>
  resource_type: Nullable<string>
  resource_id: Nullable<string>
  error_message: Nullable<string>
  metadata: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>
  hmac: Buffer
}

interface AuditHeads {
  tenant_id: string
  sequence: number
  head: Buffer
  hmac: Buffer
}

interface UploadBatches {
  id: string
  tenant_id: string
  created_by: Nullable<string>
  kind: 'mixed' | 'document'
  intent: Nullable<string>
  additional_params: ColumnType<Record<string, unknown> | null, string | null | undefined, string | null>
  status: 'pending' | 'uploading' | 'processing' | 'completed' | 'failed' | 'expired'
  total_files: number
  created_at: Date
  updated_at: Date
}

interface Uploads {
  id: string
  tenant_id: string
  created_by: Nullable<string>
  batch_id: Nullable<string>
  batch_index: Nullable<number>
  media_type: 'image' | 'document'
  filename: string
  content_type: string
  size_bytes: number
  object_key: string
  /** The tenant's own bucket that its bytes go to; null for the store of this installation. */
  bucket_name: Nullable<string>
  status: 'pending' | 'confirmed' | 'failed' | 'expired'
  error_message: Nullable<string>
  idempotency_key: Nullable<string>
  idempotency_fingerprint: Nullable<Buffer>
  url_expires_at: Date
  created_at: Date
  updated_at: Date
  confirmed_at: Nullable<Date>
}

interface StoredObjects {
  object_key: string
  /** Of the file on disk, or of the object in its bucket. */
  file_name: string
  etag: Nullable<string>
  /** Whose own bucket it lies in; both null for the store of this installation. */
  bucket_tenant_id: Nullable<string>
  bucket_name: Nullable<string>
  size_bytes: number
  sha256: Buffer
  content_type: string
  stored_at: Date
}

interface Files {
  id: string
  tenant_id: string
  uploaded_by: Nullable<string>
  object_key: string
  media_type: 'image' | 'document'
  document_type: Nullable<string>
  filename: string
  title: Nullable<string>
  tags: Generated<string[]>
  content_type: string
  size_bytes: number
  sha256: string
  width: Nullable<number>
  height: Nullable<number>
  /** Null for documents, and for an image that waits to be queued. */
  variant_status: Nullable<'pending' | 'processing' | 'completed' | 'failed'>
  variant_status_at: Nullable<Date>
  variant_count: Generated<number>
  variant_error: Nullable<string>
  created_at: Date
  updated_at: Date
  deleted_at: Nullable<Date>
}

interface TenantStorage {
  tenant_id: string
  bytes: Generated<number>
}

interface MonthlyUploads {
  tenant_id: string
  month: string
  uploads: number
}

interface TotpSecrets {
  user_id: string
  /** In use; encrypted: version, nonce, ciphertext, tag. */
  secret: Nullable<Buffer>
  /** Shown, and not confirmed by a code yet; encrypted alike. */
  candidate: Nullable<Buffer>
  /** When the newest of them was drawn. */
  created_at: Date
  confirmed_at: Nullable<Date>
  /** The last time step accepted: a code works once. */
  last_step: Nullable<number>
}

interface RecoveryCodes {
  user_id: string
  code_hash: Buffer
  used_at: Nullable<Date>
}

interface Passkeys {
  id: string
  user_id: string
  name: string
  public_key: Buffer
  counter: number
  transports: string[]
  backed_up: boolean
  created_at: Date
  last_used_at: Nullable<Date>
}

interface PasskeyChallenges {
  id: string
  user_id: Nullable<string>
  purpose: 'enrol' | 'sign_in' | 'second_factor' | 'reauthenticate'
  challenge: string
  created_at: Date
  expires_at: Date
}

interface PendingLogins {
  id: string
  token_hash: Buffer
  user_id: string
  /** `password`, `reset`, `oidc:google`. */
  method: string
  /** SHA-256 of the password's hash as it stood. */
  password_digest: Buffer
  remember_me: boolean
  attempts: Generated<number>
  created_at: Date
  expires_at: Date
}

interface Identities {
  issuer: string
  subject: string
  user_id: string
  provider: string
  email: string
  created_at: Date
  last_used_at: Date
}

interface OidcStates {
  state_hash: Buffer
  browser_hash: Buffer
  provider: string
  action: 'login' | 'register' | 'link'
  user_id: Nullable<string>
  /** The session that began a link. */
  session_id: Nullable<string>
  nonce: string
  code_verifier: string
  created_at: Date
  expires_at: Date
}

interface Invitations {
  id: string
  tenant_id: string
  email: string
  role: 'admin' | 'editor' | 'viewer'
  invited_by: string
  token_hash: Buffer
  created_at: Date
  expires_at: Date
  /** Accepted, withdrawn or replaced. */
  ended_at: Nullable<Date>
}

interface AuditBases {
  tenant_id: string
  sequence: number
  base: Buffer
  hmac: Buffer
}

interface WebhookDeliveries {
  id: string
  tenant_id: string
  event_id: string
  event_type: string
  url: string
  payload: string
  status: 'pending' | 'delivered' | 'failed'
  attempts: Generated<number>
  response_status: Nullable<number>
  error: Nullable<string>
  created_at: Date
  next_attempt_at: Date
  last_attempt_at: Nullable<Date>
  delivered_at: Nullable<Date>
}

interface WebhookCursors {
  tenant_id: string
  sequence: number
}

interface WebhookSecrets {
  tenant_id: string
  version: number
  rotated_at: Date
}

interface UsageMinutes {
  tenant_id: string
  api_key_id: string
  /** `GET /api/v2/user-files`; `GET (unknown)` where there is no such route. */
  route: string
  /** 2 for 200–299, and so on. */
  status_class: number
  minute: Date
  requests: number
  milliseconds: number
}

interface UsageRequests {
  tenant_id: string
  at: Date
  id: string
  api_key_id: string
  route: string
  status_code: number
  milliseconds: number
  error_code: Nullable<string>
}

interface UsageBatches {
  id: string
  written_at: Date
}

interface CliLogins {
  id: string
  device_hash: Buffer
  user_code: string
  code_challenge: string
  client_name: string
  ip_address: string
  redirect_uri: Nullable<string>
  redirect_code_hash: Nullable<Buffer>
  approved_by: Nullable<string>
  approving_session: Nullable<string>
  created_at: Date
  expires_at: Date
  denied_at: Nullable<Date>
}

interface OwnBuckets {
  tenant_id: string
  bucket_name: string
  region: string
  endpoint_url: Nullable<string>
  /** AES-256-GCM by the key of this version: nonce, ciphertext, tag. */
  credentials: Buffer
  key_version: number
  configured_at: Date
  configured_by: Nullable<string>
  validated_at: Nullable<Date>
  /** What was wrong when it was last looked at. */
  error: Nullable<string>
}

interface SecretVersions {
  purpose: string
  version: number
  rotated_at: Date
}

interface Notices {
  subject_id: string
  kind: string
  sent_at: Date
}

export interface Database {
  users: Users
  tenants: Tenants
  memberships: Memberships
  sessions: Sessions
  one_time_tokens: OneTimeTokens
  api_keys: ApiKeys
  audit_events: AuditEvents
  audit_heads: AuditHeads
  upload_batches: UploadBatches
  uploads: Uploads
  stored_objects: StoredObjects
  files: Files
  tenant_storage: TenantStorage
  monthly_uploads: MonthlyUploads
  totp_secrets: TotpSecrets
  recovery_codes: RecoveryCodes
  passkeys: Passkeys
  passkey_challenges: PasskeyChallenges
  pending_logins: PendingLogins
  identities: Identities
  oidc_states: OidcStates
  invitations: Invitations
  audit_bases: AuditBases
  webhook_deliveries: WebhookDeliveries
  webhook_cursors: WebhookCursors
  webhook_secrets: WebhookSecrets
  usage_minutes: UsageMinutes
  usage_requests: UsageRequests
  usage_batches: UsageBatches
  notices: Notices
  cli_logins: CliLogins
  own_buckets: OwnBuckets
  secret_versions: SecretVersions
}
