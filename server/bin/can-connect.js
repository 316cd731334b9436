// Exits 0 when a PostgreSQL answers at the URL given: CI asks before it runs the suite there.
import pg from 'pg'

const client = new pg.Client({ connectionString: process.argv[2], connectionTimeoutMillis: 2000 })
client.connect().then(
  () => client.end(),
  () => process.exit(1),
)
