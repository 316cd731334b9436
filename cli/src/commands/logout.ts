// aion logout: ends the session at the server, then forgets it here.
import type { Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { isStatus } from '../failure-of.ts'
import { text } from '../text.ts'

export const logout: Command = {
  name: 'logout',
  summary: 'end the session and forget it',
  example: 'aion logout',
  async run({ output, credentials, connect }) {
    const stored = credentials.stored()
    if (!stored) {
      output.done({ signed_out: false }, text`You were not signed in.`)
      return exitCodes.ok
    }
    try {
      await connect({ kind: 'session', secret: stored.session_token, from: 'file', stored }).request(
        'POST',
        '/api/v2/auth/session/logout',
      )
    } catch (error) {
      // One that has ended already is what was wanted.
      if (!isStatus(error, 401)) throw error
    }
    credentials.forget()
    output.done({ signed_out: true, email: stored.email }, text`Signed out ${stored.email}.`)
    return exitCodes.ok
  },
}
