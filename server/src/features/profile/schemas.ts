// The shapes of /user, as the contract has them.
import { Type } from '@sinclair/typebox'

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const instant = () => Type.String({ format: 'date-time' })
const passwordRule = '8 to 128 characters with upper case, lower case and a digit; none that is known from breaches.'
const preferences = Type.Object({}, { additionalProperties: true })

export const profileResponse = Type.Object({
  id: Type.String(),
  email: Type.String(),
  name: Type.String(),
  is_active: Type.Boolean(),
  email_verified: Type.Boolean(),
  created_at: instant(),
  last_login_at: nullable(instant()),
  preferences,
  has_password: Type.Boolean({ description: 'False for who only signs in elsewhere: POST /user/set-initial-password adds one.' }),
})
export const profileUpdate = Type.Object({
  name: Type.Optional(nullable(Type.String({ minLength: 1, maxLength: 255 }))),
  preferences: Type.Optional(
    Type.Union([preferences, Type.Null()], {
      description: 'Each name given is replaced, null removes it, all others stay; 16 KiB in all, 8 levels deep.',
    }),
  ),
})

export const changePasswordBody = Type.Object({
  current_password: Type.String({ maxLength: 1024 }),
  new_password: Type.String({ minLength: 8, maxLength: 1024, description: passwordRule }),
})
export const changePasswordResponse = Type.Object({
  message: Type.String(),
  session_rotation_required: Type.Literal(true),
  rotation_endpoint: Type.String(),
})
export const initialPasswordBody = Type.String({ minLength: 8, maxLength: 1024, description: passwordRule })
export const initialPasswordResponse = Type.Object({ success: Type.Literal(true), auth_provider: Type.Literal('both') })

export const changeEmailBody = Type.Object({
  new_email: Type.String({ minLength: 3, maxLength: 320, description: 'Compared without regard to case and Unicode form.' }),
  password: Type.String({ maxLength: 1024 }),
})
export const tokenBody = Type.Object({ token: Type.String({ maxLength: 512 }) })
export const messageResponse = Type.Object({ message: Type.String() })
export const emailChangedResponse = Type.Object({ message: Type.String(), email: Type.String() })

export const sessionResponse = Type.Object({
  id: Type.String(),
  user_agent: nullable(Type.String()),
  ip_address: nullable(Type.String()),
  created_at: instant(),
  last_activity_at: instant(),
  expires_at: instant(),
  is_current: Type.Boolean(),
})
export const sessionParams = Type.Object({ session_id: Type.String() })

export const deleteAccountBody = Type.Object({
  confirmation: Type.String({ maxLength: 100, description: "Exactly 'delete my account'." }),
})
