// The promise, written from the routes themselves: shapes, credentials, permissions and the errors each can answer with.
import { STATUS_CODES } from 'node:http'
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { type Access, scopeOfLevel } from './access.ts'
import { errorTable } from './error-table.ts'
import { levelOfPermission } from './principal.ts'

const errorBody = {
  type: 'object',
  required: ['error', 'request_id'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'details'],
      properties: {
        code: { type: 'string', enum: Object.keys(errorTable) },
        message: { type: 'string' },
        details: { type: 'object', additionalProperties: true },
      },
    },
    request_id: { type: 'string', format: 'uuid' },
    detail: {
      type: 'array',
      description: 'Only on 422, in the form FastAPI gives.',
      items: {
        type: 'object',
        properties: {
          loc: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
          msg: { type: 'string' },
          type: { type: 'string' },
        },
      },
    },
  },
}

const descriptions: Record<number, string> = {
  400: 'The request cannot be read',
  401: 'No valid credential',
  403: 'Signed in, but not allowed',
  404: 'There is no such resource',
  413: 'The body is larger than this route takes',
  415: 'The body is not application/json, or does not say so',
  422: 'The request is not valid',
  429: 'A limit is reached; Retry-After says how long to wait',
  500: 'A fault on our side; quote the request id when you report it',
  503: 'Cannot answer right now; Retry-After says when to try again',
}

const tags: Record<string, string> = {
  auth: 'Accounts, sessions, second factors, and signing in from elsewhere',
  user: 'Oneself: profile, password, sessions, workspaces',
  tenant: 'The workspace: settings, members, policy, audit trail, webhooks, a bucket of its own',
  'api-keys': 'Keys for programs',
  leaks: 'Keys that were found in public',
  plans: 'What the plans hold',
  payment: 'The plan of the workspace',
  usage: 'What was used of it',
  uploads: 'Images on their way in',
  'document-uploads': 'Documents on their way in',
  'user-files': 'Files that are stored',
  documents: 'Documents that are stored',
}

export async function installOpenapi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Aionvision API',
        version,
        description: 'Images and documents, uploaded through presigned URLs, behind API keys and plans.',
        contact: { name: 'The operator of this server' },
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'This server' }],
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer aion_…`' },
          sessionToken: { type: 'http', scheme: 'bearer', description: 'A session token: `Authorization: Bearer ses_…`' },
          sessionCookie: { type: 'apiKey', in: 'cookie', name: 'aionvision_session' },
        },
      },
    },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access as Access
      const hide =
        (schema as { hide?: boolean } | undefined)?.hide || !url.startsWith('/api/') || [route.method].flat().includes('HEAD')
      const base = (schema ?? {}) as Record<string, unknown>
      return { url, schema: { ...base, ...describeAccess(access, base, url, [route.method].flat()[0] ?? 'GET'), hide } as never }
    },
    transformObject: (document) => ('openapiObject' in document ? shareErrors(document.openapiObject) : document.swaggerObject),
  })
}

function isEnvelope({ properties = {} }: { properties?: object }): boolean {
  return 'error' in properties && 'request_id' in properties
}

type Responses = Record<
  string,
  { description?: string; content?: { 'application/json'?: { schema?: { description?: string; properties?: object } } } }
>

/** One description of an error instead of one for each status of each operation. */
function shareErrors<Document extends { paths?: object; components?: object }>(document: Document): Document {
  const schema = { $ref: '#/components/schemas/Error' } as { description?: string }
  const shared: Responses = {}
  for (const operations of Object.values((document.paths ?? {}) as Record<string, Record<string, { responses?: Responses }>>))
    for (const { responses = {} } of Object.values(operations))
      for (const [status, response] of Object.entries(responses)) {
        const json = response.content?.['application/json']
        if (!json) continue
        // The generator writes a response's description into its schema as well.
        const { description: _, ...own } = json.schema ?? {}
        if (!isEnvelope(own)) {
          json.schema = own
          continue
        }
        json.schema = schema
        if (response.description !== descriptions[Number(status)]) continue
        shared[`Error${status}`] = response
        responses[status] = { $ref: `#/components/responses/Error${status}` } as Responses[string]
      }
  const { components = {} } = document
  const { schemas = {} } = components as { schemas?: object }
  return { ...document, components: { ...components, schemas: { ...schemas, Error: errorBody }, responses: shared } }
}

function describeAccess(access: Access, schema: Record<string, unknown>, url: string, method: string): Record<string, unknown> {
  const statuses = new Set<number>([500, 503])
  if (access.credential !== 'public') for (const status of [401, 403, 404, 429]) statuses.add(status)
  if (access.credential === 'public' && method !== 'GET') for (const status of [403, 429]) statuses.add(status)
  if (schema.body) for (const status of [400, 413, 415]) statuses.add(status)
  // Where no refusal of ours is possible, what is no HTTP is still refused.
  if (access.credential === 'public') statuses.add(400)
  if (schema.body || schema.querystring || schema.params) statuses.add(422)
  const errors = Object.fromEntries(
    [...statuses].sort().map((status) => [status, { description: descriptions[status], ...errorBody }]),
  )
  const documented = Object.fromEntries(
    Object.entries((schema.response ?? {}) as Record<string, object>).map(([status, body]) => [
      status,
      { description: STATUS_CODES[status] ?? status, ...body },
    ]),
  )
  const operation = {
    operationId:
      schema.operationId ??
      `${method.toLowerCase()}${url.replace(/^\/api\/v2/, '').replace(/\W+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    description: [describeCaller(access), schema.description].filter(Boolean).join(' '),
    tags: schema.tags ?? [url.split('/')[3]],
    response: { ...errors, ...documented },
  }
  if (access.credential === 'public') return { ...operation, security: [] }
  const sessions = [{ sessionToken: [] }, { sessionCookie: [] }]
  return {
    ...operation,
    security:
      access.credential === 'key' ? [{ apiKey: [] }] : access.credential === 'session' ? sessions : [{ apiKey: [] }, ...sessions],
    'x-permission': access.permission,
    ...(access.resource && { 'x-scope': `${access.resource}:${access.action}` }),
    ...(access.fresh && { 'x-fresh-proof': true }),
    'x-rate-limit':
      [
        ...(access.limit ? [`${access.limit.count} in ${access.limit.seconds} seconds, per caller`] : []),
        ...(access.credential === 'session' ? [] : ['requests per minute of the plan, per key']),
      ].join('; ') || 'none',
  }
}

function describeCaller(access: Access): string {
  if (access.credential === 'public') return 'Open to everybody.'
  const { permission, resource, action, credential, fresh, limit } = access
  const scopes = [scopeOfLevel[levelOfPermission[permission]], resource && `${resource}:${action}`].filter(Boolean)
  return [
    permission === 'SELF' ? 'For who is signed in.' : credential !== 'key' && `Needs the permission ${permission}.`,
    credential !== 'session' &&
      scopes.length > 0 &&
      `A key needs the scope ${scopes.map((scope) => `\`${scope}\``).join(' or ')}.`,
    fresh && 'Asks for a proof of who is there that is younger than 15 minutes.',
    limit && `At most ${limit.count} in ${limit.seconds} seconds from one caller.`,
  ]
    .filter(Boolean)
    .join(' ')
}
