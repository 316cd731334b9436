// Which server, and which workspace there: options, then the environment, then config.json.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { usageFailure } from './exit-codes.ts'
import { readJson, writeJson } from './private-file.ts'

export const settingNames = ['base_url', 'tenant'] as const
export type SettingName = (typeof settingNames)[number]

/** Where the hosted service answers. */
export const defaultBaseUrl = 'https://api.aionvision.tech'

/** Somebody waits at the terminal. */
const defaultRetries = 2

export interface Setting {
  readonly value: string | null
  readonly from: 'option' | 'environment' | 'file' | 'default'
}

interface Stored {
  base_url?: string
  /** Base URL → workspace: ids of one server mean nothing at another. */
  tenants?: Record<string, string>
}

export class Settings {
  readonly directory: string
  readonly path: string
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #options: { readonly baseUrl: string | null; readonly tenant: string | null }

  constructor(env: Readonly<Record<string, string | undefined>>, options: { baseUrl: string | null; tenant: string | null }) {
    this.directory = join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'aionvision')
    this.path = join(this.directory, 'config.json')
    this.#env = env
    this.#options = options
  }

  /** Without a path at its end, ready to have `/api/v2` put behind it. */
  get baseUrl(): string {
    return checkedBaseUrl(this.lookUp('base_url').value ?? defaultBaseUrl)
  }

  get tenant(): string | null {
    return this.lookUp('tenant').value
  }

  /** Further attempts of a call after the first: AIONVISION_MAX_RETRIES. */
  get maxRetries(): number {
    const text = this.#env.AIONVISION_MAX_RETRIES
    if (!text) return defaultRetries
    if (!/^\d{1,2}$/.test(text)) throw usageFailure(`AIONVISION_MAX_RETRIES is a whole number from 0 to 99, not "${text}".`)
    return Number(text)
  }

  lookUp(name: SettingName): Setting {
    const [option, variable, stored, otherwise] = {
      base_url: () => [this.#options.baseUrl, this.#env.AIONVISION_BASE_URL, this.#stored().base_url, defaultBaseUrl],
      tenant: () => [this.#options.tenant, this.#env.AIONVISION_TENANT_ID, this.#stored().tenants?.[this.baseUrl], null],
    }[name]()
    if (option) return { value: option, from: 'option' }
    if (variable) return { value: variable, from: 'environment' }
    if (stored) return { value: stored, from: 'file' }
    return { value: otherwise ?? null, from: 'default' }
  }

  /** An empty value removes it. */
  set(name: SettingName, value: string): void {
    const stored = this.#stored()
    if (name === 'base_url') {
      if (value) stored.base_url = checkedBaseUrl(value)
      else delete stored.base_url
    } else {
      const tenants = { ...stored.tenants }
      if (value) tenants[this.baseUrl] = value
      else delete tenants[this.baseUrl]
      stored.tenants = tenants
    }
    writeJson(this.path, stored)
  }

  #stored(): Stored {
    return { ...(readJson(this.path) as Stored | null) }
  }
}

/** Credentials travel encrypted, or not beyond this machine. */
export function checkedBaseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password || url.search || url.hash)
    throw usageFailure(`"${value}" is not the address of a server: it looks like https://api.example.com.`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw usageFailure(`${value} is not encrypted, and your credentials would be readable on the way. Use https://.`)
  return url.href.replace(/\/(?:api\/v2\/?)?$/, '')
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
