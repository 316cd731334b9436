// The Billing tab.
export const billing = {
  title: 'Billing',
  lead: (plan: string) => `This workspace is on ${plan}.`,
  needsOwner: 'Only the owner changes the plan.',
  current: 'Your plan',
  price: (usd: number | null, free: boolean) => (free ? 'Free' : usd === null ? 'Price on request' : `$${usd} a month`),
  upgrade: (plan: string) => `Change to ${plan}`,
  downgrade: (plan: string) => `Go down to ${plan}`,
  features: {
    api: 'API access',
    noApi: 'No API access',
    requests: (count: number) => `${count.toLocaleString('en')} requests a minute and key`,
    keys: (count: number) => (count === 0 ? 'No API keys' : `${count} active keys`),
    storage: (size: string | null) => (size === null ? 'Unlimited storage' : `${size} of storage`),
    uploads: (count: number | null) => (count === null ? 'Unlimited uploads' : `${count.toLocaleString('en')} uploads a month`),
    image: (size: string) => `Images up to ${size}`,
    document: (size: string) => `Documents up to ${size}`,
    concurrent: (count: number) => `${count} uploads at once`,
    batch: (count: number) => `${count} files in a batch`,
    audit: (days: number) =>
      `Audit trail for ${days >= 365 ? (days === 365 ? 'a year' : `${Math.round(days / 365)} years`) : `${days} days`}`,
  },
  confirm: {
    title: (plan: string) => `Change to ${plan}`,
    up: 'It holds from the moment you confirm. Keys and files stay as they are.',
    down: 'It holds from the moment you confirm. This is what happens:',
    cost: (usd: number | null, free: boolean) =>
      free
        ? 'It costs nothing.'
        : usd === null
          ? 'Its price is agreed with whoever runs this installation. Nothing is charged here.'
          : `Its price is $${usd} a month, due to whoever runs this installation. Nothing is charged here.`,
    action: (plan: string) => `Change to ${plan}`,
    done: (plan: string) => `This workspace is on ${plan} now`,
  },
  effects: {
    noApi: (keys: number) =>
      keys === 0
        ? 'Programs lose API access.'
        : `${keys === 1 ? 'Your active key stops' : `All ${keys} active keys stop`} working at once: calls answer 403 INSUFFICIENT_SUBSCRIPTION_TIER. The keys are kept, and work again on a plan with API access.`,
    keys: (held: number, allowed: number) =>
      `You have ${held} active keys and the plan allows ${allowed}: all of them go on working, but none can be created until ${held - allowed + 1} have ended.`,
    slower: (from: number, to: number) =>
      `Each key may make ${to} requests a minute instead of ${from}. What is above is answered with 429.`,
    storage: (held: string, allowed: string) =>
      `You store ${held} and the plan holds ${allowed}: every file stays and can be downloaded, but nothing can be uploaded until there is room.`,
    uploads: (used: number, allowed: number) =>
      `This month’s ${used} uploads are above the plan’s ${allowed}: the next are possible next month.`,
    sizes: (image: string) => `New images may have ${image} at most. Larger ones that are stored stay.`,
    audit: (days: string) => `${days}: older entries of the trail are removed.`,
    files: 'Files, team and settings stay as they are.',
  },
  noPayments: {
    title: 'Plans are changed by the operator here',
    text: 'This installation has no payment provider. Ask whoever runs it to change your plan.',
  },
} as const
