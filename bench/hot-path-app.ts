// The whole application with one more route, which costs nothing but what every call with a key costs.
import { buildApp as buildReal } from '../server/src/app.ts'
import { answer, answerSchema } from './peers/answer.mjs'

export { version } from '../server/src/app.ts'

export async function buildApp(...given: Parameters<typeof buildReal>): ReturnType<typeof buildReal> {
  const app = await buildReal(...given)
  app.get(
    '/api/v2/bench/resource',
    {
      config: { access: { credential: 'either', permission: 'VIEW', resource: 'usage', action: 'read' } },
      schema: { hide: true, response: { 200: answerSchema } },
    },
    (_request, reply) => {
      reply.send(answer)
    },
  )
  return app
}
