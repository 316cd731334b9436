// The shapes of the contract by the names people use for them.
import type { paths } from './contract.ts'
import type { CallOptions } from './transport.ts'

export type Methods = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Operation<Path extends keyof paths, Method extends Methods> = NonNullable<paths[Path][Method]>
type Content<Body> = Body extends { content: { 'application/json': infer Json } } ? Json : never

/** What an operation answers with on success. */
export type Answer<Path extends keyof paths, Method extends Methods> =
  Operation<Path, Method> extends { responses: infer Responses }
    ? Content<Responses[Extract<keyof Responses, 200 | 201 | 202>]>
    : never
/** What it takes as its body. */
export type Body<Path extends keyof paths, Method extends Methods> =
  Operation<Path, Method> extends { requestBody?: infer Given } ? Exclude<Content<NonNullable<Given>>, null> : never
export type Query<Path extends keyof paths, Method extends Methods> =
  Operation<Path, Method> extends { parameters: { query?: infer Given } } ? NonNullable<Given> : never

export type Params<Path extends keyof paths, Method extends Methods> =
  Operation<Path, Method> extends { parameters: { path: infer Given } } ? Given : never

/** Paths of the contract that know this method. */
export type PathOf<Method extends Methods> = {
  [Path in keyof paths]: paths[Path][Method] extends { responses: unknown } ? Path : never
}[keyof paths]

/** What an operation takes; `params` fill the braces of its path. */
export type OperationCall<Path extends keyof paths, Method extends Methods> = Omit<CallOptions, 'query' | 'body'> & {
  readonly query?: Query<Path, Method>
  readonly body?: Body<Path, Method>
} & ([Params<Path, Method>] extends [never] ? object : { readonly params: Params<Path, Method> })

type Item<List> = List extends readonly (infer Each)[] ? Each : never

export type ApiKey = Answer<'/api/v2/api-keys/{api_key_id}', 'get'>
export type CreatedApiKey = Answer<'/api/v2/api-keys', 'post'>
export type UserFile = Item<Answer<'/api/v2/user-files', 'get'>['files']>
export type UserFileDetails = Answer<'/api/v2/user-files/{image_id}', 'get'>
export type Document = Answer<'/api/v2/documents/{document_id}', 'get'>
export type Member = Item<Answer<'/api/v2/tenant/members', 'get'>>
export type AuditEntry = Item<Answer<'/api/v2/tenant/audit-logs', 'get'>['entries']>
export type Session = Item<Answer<'/api/v2/user/sessions', 'get'>>
export type Plan = Item<Answer<'/api/v2/plans', 'get'>['plans']>
