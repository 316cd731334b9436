// Whatever was thrown → how the command ends.
import { AionvisionError } from '@aionvision/sdk'
import { type ExitCode, exitCodeOfStatus, exitCodes, Failure } from './exit-codes.ts'
import { reasonOf } from './public-call.ts'

export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error
  if (error instanceof AionvisionError)
    return new Failure(exitCodeOf(error), sentenceOf(error), { code: error.code, requestId: error.requestId, cause: error })
  return new Failure(exitCodes.failed, reasonOf(error), { cause: error })
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof AionvisionError && error.status === status
}

function exitCodeOf({ code, status }: AionvisionError): ExitCode {
  if (code === 'ABORTED') return exitCodes.interrupted
  if (code === 'NETWORK_ERROR' || code === 'TIMEOUT' || code === 'INVALID_RESPONSE') return exitCodes.unreachable
  return status === null ? exitCodes.usage : exitCodeOfStatus(status)
}

function sentenceOf({ code, message, details }: AionvisionError): string {
  if (code === 'NETWORK_ERROR' || code === 'INVALID_RESPONSE') return `${message.replace(/\.?$/, '.')} Try \`aion doctor\`.`
  return message + listOf('Allowed', details.allowed) + listOf('Held', details.held)
}

/** What a refusal says would have been taken, and what the credential has. */
function listOf(title: string, list: unknown): string {
  return Array.isArray(list) ? ` ${title}: ${list.join(', ') || 'none'}.` : ''
}
