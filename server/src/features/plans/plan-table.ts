// The four plans and every figure of theirs in one pure table; overrides come from AION_PLAN_OVERRIDES and are checked at start.
import { StartupError } from '../../platform/startup-error.ts'

export const planNames = ['free', 'starter', 'professional', 'enterprise'] as const
export type PlanName = (typeof planNames)[number]

export interface Plan {
  readonly name: PlanName
  readonly title: 'FREE' | 'STARTER' | 'PROFESSIONAL' | 'ENTERPRISE'
  /** US dollars a month; null = contact us. */
  readonly priceUsd: number | null
  /** Per key, in any rolling 60 seconds. */
  readonly requestsPerMinute: number
  readonly imageSizeBytesMax: number
  readonly documentSizeBytesMax: number
  /** null = unlimited. */
  readonly storageBytesMax: number | null
  /** Upload bodies in flight per tenant. */
  readonly concurrentUploads: number
  readonly batchFilesMax: number
  /** Confirmed uploads in a calendar month, UTC; null = unlimited. */
  readonly monthlyUploads: number | null
  readonly activeKeys: number
  /** Whether keys may be made, and calls with them are answered. */
  readonly apiAccess: boolean
  readonly auditRetentionDays: number
}

export type Plans = Readonly<Record<PlanName, Plan>>

const mb = 2 ** 20
const gb = 2 ** 30

export const defaultPlans: Plans = {
  free: {
    name: 'free',
    title: 'FREE',
    priceUsd: 0,
    requestsPerMinute: 10,
    imageSizeBytesMax: 25 * mb,
    documentSizeBytesMax: 50 * mb,
    storageBytesMax: 1 * gb,
    concurrentUploads: 10,
    batchFilesMax: 10,
    monthlyUploads: 1_000,
    activeKeys: 0,
    apiAccess: false,
    auditRetentionDays: 30,
  },
  starter: {
    name: 'starter',
    title: 'STARTER',
    priceUsd: 15,
    requestsPerMinute: 30,
    imageSizeBytesMax: 50 * mb,
    documentSizeBytesMax: 50 * mb,
    storageBytesMax: 25 * gb,
    concurrentUploads: 20,
    batchFilesMax: 50,
    monthlyUploads: 10_000,
    activeKeys: 10,
    apiAccess: true,
    auditRetentionDays: 90,
  },
  professional: {
    name: 'professional',
    title: 'PROFESSIONAL',
    priceUsd: null,
    requestsPerMinute: 100,
    imageSizeBytesMax: 100 * mb,
    documentSizeBytesMax: 50 * mb,
    storageBytesMax: 100 * gb,
    concurrentUploads: 30,
    batchFilesMax: 100,
    monthlyUploads: 50_000,
    activeKeys: 50,
    apiAccess: true,
    auditRetentionDays: 365,
  },
  enterprise: {
    name: 'enterprise',
    title: 'ENTERPRISE',
    priceUsd: null,
    requestsPerMinute: 500,
    imageSizeBytesMax: 200 * mb,
    documentSizeBytesMax: 50 * mb,
    storageBytesMax: null,
    concurrentUploads: 50,
    batchFilesMax: 200,
    monthlyUploads: null,
    activeKeys: 250,
    apiAccess: true,
    auditRetentionDays: 2_557,
  },
}

export function isPlanName(text: string): text is PlanName {
  return (planNames as readonly string[]).includes(text)
}

/** Position in the order of plans: an upgrade has the higher one. */
export function rankOf(plan: PlanName): number {
  return planNames.indexOf(plan)
}

type Figure = Exclude<keyof Plan, 'name' | 'title'>

interface Rule {
  readonly says: string
  readonly allows: (value: unknown) => boolean
}

const whole = (min: number, max: number): Rule => ({
  says: `a whole number from ${min} to ${max}`,
  allows: (value) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
})
const orNull = (rule: Rule, meaning: string): Rule => ({
  says: `${rule.says}, or null for ${meaning}`,
  allows: (value) => value === null || rule.allows(value),
})
const bytes = whole(1, 2 ** 50)

/** What an override may say of each figure; the upper bounds are far beyond use and keep rings and sums within memory and 2^53. */
const rules: Readonly<Record<Figure, Rule>> = {
  priceUsd: orNull(
    { says: 'a number of dollars from 0', allows: (value) => Number.isFinite(value) && Number(value) >= 0 },
    '"contact us"',
  ),
  requestsPerMinute: whole(1, 100_000_000),
  imageSizeBytesMax: bytes,
  documentSizeBytesMax: bytes,
  storageBytesMax: orNull(bytes, 'unlimited'),
  concurrentUploads: whole(1, 100_000),
  batchFilesMax: whole(1, 10_000),
  monthlyUploads: orNull(whole(0, 2_000_000_000), 'unlimited'),
  activeKeys: whole(0, 10_000_000),
  apiAccess: { says: 'true or false', allows: (value) => typeof value === 'boolean' },
  auditRetentionDays: whole(1, 36_500),
}

/** `{"starter":{"requestsPerMinute":60}}`; figures also in snake_case, as GET /api/v2/plans shows them. Every fault is named at once. */
export function readPlans(overridesJson: string | undefined): Plans {
  if (overridesJson === undefined || overridesJson.trim() === '') return defaultPlans
  const { plans, faults } = applyOverrides(overridesJson)
  if (faults.length) throw new StartupError(`AION_PLAN_OVERRIDES is not valid: ${faults.join('; ')}.`)
  return plans
}

function applyOverrides(json: string): { plans: Plans; faults: string[] } {
  let overrides: unknown
  try {
    overrides = JSON.parse(json)
  } catch {
    return { plans: defaultPlans, faults: ['it is not JSON'] }
  }
  if (!isObject(overrides))
    return { plans: defaultPlans, faults: ['it must be an object of plans, such as {"starter":{"requestsPerMinute":60}}'] }
  const faults: string[] = []
  const plans: Record<PlanName, Plan> = { ...defaultPlans }
  for (const [planKey, figures] of Object.entries(overrides)) {
    const plan = planKey.toLowerCase()
    if (!isPlanName(plan)) faults.push(`there is no plan "${planKey}" (plans: ${planNames.join(', ')})`)
    else if (!isObject(figures)) faults.push(`${planKey} must be an object of figures`)
    else {
      const changes: Record<string, unknown> = {}
      for (const [key, value] of Object.entries(figures)) {
        const figure = camel(key)
        if (!isFigure(figure))
          faults.push(`${planKey}.${key} is not a figure of a plan (figures: ${Object.keys(rules).join(', ')})`)
        else if (!rules[figure].allows(value))
          faults.push(`${planKey}.${key} must be ${rules[figure].says}, not ${JSON.stringify(value)}`)
        else if (figure in changes) faults.push(`${planKey}.${figure} is given twice`)
        else changes[figure] = value
      }
      plans[plan] = { ...plans[plan], ...changes }
    }
  }
  return { plans, faults }
}

function isFigure(name: string): name is Figure {
  return Object.hasOwn(rules, name)
}

function camel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
