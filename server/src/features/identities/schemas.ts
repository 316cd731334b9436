// The shapes of signing in elsewhere: as the contract has them where it has them.
import { Type } from '@sinclair/typebox'
import { storable } from '../../http/storable.ts'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
/** Longer than any ID token with the scopes asked for. */
const idToken = Type.String({
  maxLength: 16_384,
  description: 'As the provider gave it to the page or app; at most ten minutes old.',
})
const text = Type.Optional(nullable(Type.String({ maxLength: 8_192 })))

export const providersResponse = Type.Array(Type.Object({ name: Type.String(), label: Type.String() }))
export const providerParams = Type.Object({ provider: Type.String({ maxLength: 32, pattern: storable }) })

export const initiateQuery = Type.Object({
  action: Type.Optional(
    Type.Union([Type.Literal('login'), Type.Literal('register'), Type.Literal('link')], {
      default: 'login',
      description: 'login and register do the same; link adds the identity to the account of who is signed in.',
    }),
  ),
  next: Type.Optional(
    Type.String({
      maxLength: 2048,
      description: 'Where to send the browser afterwards: a path of this server. Anything else leads to the dashboard.',
    }),
  ),
})
export const initiateResponse = Type.Object({ authorization_url: Type.String(), state: Type.String() })
export const callbackQuery = Type.Object({ code: text, state: text, error: text })

export const idTokenBody = Type.Object({
  id_token: idToken,
  remember_me: Type.Optional(Type.Boolean({ default: false })),
  password: Type.Optional(
    nullable(Type.String({ maxLength: 1024, description: 'Of the account that the identity is to open.' })),
  ),
})
export const linkBody = Type.Object({
  provider: Type.Optional(Type.String({ default: 'google', maxLength: 32 })),
  id_token: Type.Optional(idToken),
  password: Type.Optional(nullable(Type.String({ maxLength: 1024 }))),
})
export const linkedResponse = Type.Object({ message: Type.String(), provider: Type.String(), email: Type.String() })

export const identityResponse = Type.Object({
  provider: Type.String(),
  email: Type.String({ description: 'At the provider; it decides nothing here.' }),
  created_at: Type.String({ format: 'date-time' }),
  last_used_at: Type.String({ format: 'date-time' }),
})
