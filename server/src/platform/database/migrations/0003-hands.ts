// What programs and galleries need of files: how far the variants of an image are.
import { type Kysely, sql } from 'kysely'

const statements = sql`
-- variant_status is null for documents, and for an image that waits to be queued.
ALTER TABLE files
  ADD COLUMN variant_status text CHECK (variant_status IN ('pending', 'processing', 'completed', 'failed')),
  ADD COLUMN variant_status_at timestamptz,
  ADD COLUMN variant_count integer NOT NULL DEFAULT 0,
  ADD COLUMN variant_error text;
CREATE INDEX files_without_variants ON files (id) WHERE media_type = 'image' AND variant_status IS NULL;
`

export async function up(db: Kysely<unknown>): Promise<void> {
  await statements.execute(db)
}
