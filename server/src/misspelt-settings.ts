// A variable that is one slip away from a setting which is not given: `AION_WORKER=4` would start one process, and nobody would know why.

/** Below it other programs' variables are near by chance. */
const lengthMin = 8

/** A sentence for each. */
export function findMisspelt(env: NodeJS.ProcessEnv, settings: ReadonlySet<string>): string[] {
  const missing = [...settings].filter((setting) => setting.length >= lengthMin && env[setting] === undefined)
  return Object.keys(env).flatMap((name) => {
    const meant = settings.has(name) ? undefined : missing.find((setting) => isOneSlip(name, setting))
    return meant ? [`${name} is not a setting: ${meant} is`] : []
  })
}

/** One letter more, less or other, or two that changed places. */
function isOneSlip(name: string, setting: string): boolean {
  let at = 0
  while (at < name.length && name[at] === setting[at]) at++
  const other = name.slice(at + 1) === setting.slice(at + 1)
  const more = name.slice(at + 1) === setting.slice(at)
  const less = name.slice(at) === setting.slice(at + 1)
  const swapped = `${name[at + 1]}${name[at]}${name.slice(at + 2)}` === setting.slice(at)
  return other || more || less || swapped
}
