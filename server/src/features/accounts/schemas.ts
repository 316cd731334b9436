// The shapes of /auth/session that concern accounts, as the contract has them.
import { Type } from '@sinclair/typebox'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
/** Addresses are checked after normalisation, so the form here is only a length. */
const email = Type.String({ minLength: 3, maxLength: 320, description: 'Compared without regard to case and Unicode form.' })
const password = Type.String({
  minLength: 8,
  maxLength: 128,
  description: 'At least 8 characters with upper case, lower case and a digit; none of the common ones.',
})
const instant = Type.String({ format: 'date-time' })

export const registerBody = Type.Object({
  email,
  password,
  name: Type.String({ minLength: 1, maxLength: 100 }),
  organization_name: Type.Optional(
    nullable(Type.String({ minLength: 1, maxLength: 100, description: 'Name of the workspace; a personal one by default.' })),
  ),
  auto_login: Type.Optional(Type.Boolean({ default: false })),
})
export const registerResponse = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  tenant_id: Type.String(),
  session_id: nullable(Type.String()),
  session_token: nullable(Type.String()),
  email_verification_required: Type.Boolean({ default: true }),
  email_sent: Type.Boolean({ default: true }),
  email_error: nullable(Type.String()),
  message: Type.String({ default: 'Registration successful' }),
})

export const loginBody = Type.Object({
  email: Type.String({ maxLength: 320 }),
  password: Type.String({ maxLength: 1024 }),
  remember_me: Type.Optional(Type.Boolean({ default: false })),
})
export const loginResponse = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  email_verified: Type.Boolean(),
  is_active: Type.Boolean(),
  session_id: Type.String(),
  session_token: nullable(Type.String()),
  message: Type.String({ default: 'Login successful' }),
})

export const meResponse = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  email_verified: Type.Boolean(),
  is_active: Type.Boolean(),
  created_at: instant,
  last_login_at: nullable(instant),
})

export const tokenBody = Type.Object({ token: Type.String({ maxLength: 512 }) })
export const emailBody = Type.Object({ email: Type.String({ maxLength: 320 }) })
export const resetBody = Type.Object({
  token: Type.String({ maxLength: 512 }),
  new_password: Type.String({ maxLength: 1024, description: password.description ?? '' }),
})
export const tokenQuery = Type.Object({ token: Type.String({ maxLength: 512 }) })
export const messageResponse = Type.Object({ message: Type.String() })
export const verifiedResponse = Type.Object({ message: Type.String(), email_verified: Type.Boolean() })
export const validResponse = Type.Object({ valid: Type.Boolean(), expires_at: instant })
export const statusResponse = Type.Object({
  email: Type.String(),
  email_verified: Type.Boolean(),
  last_sent_at: nullable(instant),
})
