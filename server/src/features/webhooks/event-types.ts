// Which rows of the trail are sent: all of these groups but for what only tells that nothing special happened.
export const sentGroups = [
  'auth.*',
  'permission.*',
  'role.*',
  'api_key.*',
  'tenant.*',
  'user.*',
  'upload.*',
  'file.*',
  'security.*',
] as const
export const unsentTypes = ['api_key.used'] as const

export function isSent(eventType: string): boolean {
  return !(unsentTypes as readonly string[]).includes(eventType)
}
