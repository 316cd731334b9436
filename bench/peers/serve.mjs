// Starts a Fastify with one route behind the check given, and tells the parent its port and what it wants to be called with.
import Fastify from 'fastify'
import { answer, answerSchema } from './answer.mjs'

export async function serve(check, told = {}) {
  const app = Fastify({ logger: false })
  app.get(
    '/resource',
    { schema: { response: { 200: answerSchema } }, ...(check && { preHandler: check }) },
    (_request, reply) => {
      reply.send(answer)
    },
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  process.send({ port: app.server.address().port, ...told })
  for (const end of ['disconnect', 'SIGTERM']) process.on(end, () => process.exit(0))
}
