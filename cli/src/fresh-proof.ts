// What only somebody who just proved who they are may do: asks for a proof when the server does.
import { type Aionvision, AionvisionError } from '@aionvision/sdk'
import type { Context } from './command.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { text } from './text.ts'

const attemptsMax = 3

export async function withFreshProof<Result>(
  { prompt }: Context,
  client: Aionvision,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call()
  } catch (error) {
    if (!isCode(error, 'REAUTHENTICATION_REQUIRED')) throw error
    if (!prompt.possible)
      throw new Failure(
        exitCodes.refused,
        'The server wants to know that it is still you: run this in a terminal, or `aion login` again.',
        { code: 'REAUTHENTICATION_REQUIRED', cause: error },
      )
  }
  for (let attempt = 1; ; attempt++) {
    const typed = await prompt.hidden(text`The server wants to know that it is still you. Password, or code of your app:`)
    // Six digits are too few for a password.
    const proof = /^\d{6}$/.test(typed) ? { code: typed } : { password: typed }
    try {
      await client.request('POST', '/api/v2/auth/session/reauthenticate', { body: proof })
      return await call()
    } catch (error) {
      if (!isCode(error, 'INVALID_CREDENTIALS') || attempt === attemptsMax) throw error
    }
  }
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof AionvisionError && error.code === code
}
