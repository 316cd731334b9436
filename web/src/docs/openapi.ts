// The contract as the reference shows it: operations by tag, and schemas without their references.
import document from '../../../contract/openapi.json'

export interface Schema {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly additionalProperties?: boolean | Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly $ref?: string
}
export interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly description?: string
  readonly schema: Schema
}
interface Content {
  readonly description?: string
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>
  readonly $ref?: string
}
export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description: string | undefined
  readonly security: readonly string[]
  readonly parameters: readonly Parameter[]
  readonly body: Schema | null
  readonly answers: readonly { readonly status: string; readonly description: string; readonly schema: Schema | null }[]
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const
type Raw = Readonly<Record<string, unknown>>

export function resolve<Target>(target: Target & { readonly $ref?: string }): Target {
  if (!target.$ref) return target
  const found = target.$ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, step) => (at as Raw)[step], document)
  return found as Target
}

const schemaOf = ({ content = {} }: Content): Schema | null => Object.values(content)[0]?.schema ?? null

export function operations(): readonly Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const raw = (item as Raw)[method] as Raw | undefined
      if (!raw) return []
      const responses = raw.responses as Readonly<Record<string, Content>>
      return [
        {
          id: raw.operationId as string,
          method: method.toUpperCase(),
          path,
          tag: (raw.tags as readonly string[] | undefined)?.[0] ?? 'operator',
          summary: (raw.summary as string | undefined) ?? '',
          description: raw.description as string | undefined,
          security: ((raw.security as readonly Raw[] | undefined) ?? []).flatMap((each) => Object.keys(each)),
          parameters: ((raw.parameters as readonly Parameter[] | undefined) ?? []).map((each) => resolve(each)),
          body: raw.requestBody ? schemaOf(resolve(raw.requestBody as Content)) : null,
          answers: Object.entries(responses).map(([status, given]) => {
            const answer = resolve(given)
            return { status, description: answer.description ?? '', schema: schemaOf(answer) }
          }),
        },
      ]
    }),
  )
}
