// Peer (a): a bare Fastify route, the yardstick.
import { serve } from './serve.mjs'

await serve(null)
