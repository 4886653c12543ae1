import { BlockList, isIP } from 'node:net'

/** A setting: of the service in the environment, or of an app in the store. */
export interface Setting<T> {
  /** What an absent or empty variable means, written as one would write it; empty for nothing. */
  readonly default: string
  /** One sentence, for the documentation and the help. */
  readonly about: string
  /** Reads the value; throws a sentence that says what was expected. */
  readonly read: (text: string) => T
  /** Whether its value must not be shown. */
  readonly secret?: true
}

const units: Record<string, number> = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }
const periods: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export function readSize(text: string): number {
  const [, number, unit = ''] = /^(\d+)\s*([KMGT]iB)?$/.exec(text) ?? []
  if (number === undefined) throw 'expected a size such as 512KiB, 64MiB or 2GiB'
  return Number(number) * (units[unit] ?? 1)
}

export function readDuration(text: string): number {
  const [, number, unit = ''] = /^(\d+)\s*(ms|s|m|h|d)$/.exec(text) ?? []
  if (number === undefined) throw 'expected a duration such as 30s, 5m or 24h'
  return Number(number) * (periods[unit] ?? 1)
}

/** A time limit: past 24 days a timer of Node would fire at once, and at 0 every call would be too slow. */
export function readTimeout(text: string): number {
  const ms = readDuration(text)
  if (ms < 1 || ms > 24 * 86_400_000) throw 'expected a duration from 1ms to 24d'
  return ms
}

export const readCount = (min: number, max: number) => (text: string) => {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(number >= min && number <= max)) throw `expected a whole number from ${min} to ${max}`
  return number
}

export const oneOf =
  <const Word extends string>(...words: readonly Word[]) =>
  (text: string): Word => {
    const word = words.find((candidate) => candidate === text)
    if (word === undefined) throw `expected one of ${words.join(', ')}`
    return word
  }

export const optionally =
  <T>(read: (text: string) => T) =>
  (text: string): T | undefined =>
    text === '' ? undefined : read(text)

export const listOf =
  (what: string, pattern: RegExp) =>
  (text: string): readonly string[] => {
    const items = text.split(',').map((item) => item.trim())
    const wrong = items.find((item) => item !== '' && !pattern.test(item))
    if (wrong !== undefined) throw `expected ${what}, separated by commas`
    return items.filter((item) => item !== '')
  }

export function readUrl(text: string): string {
  if (!/^https?:\/\/[^/?#\s]+(\/[^?#\s]*)?$/.test(text)) throw 'expected an address such as https://video.example.com'
  return text.replace(/\/+$/, '')
}

/** An address that is called, as it stands. */
export function readCallbackUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  if (!isPlain || /[\s#]/.test(text)) {
    throw 'expected an address without credentials such as https://example.com/vod-events?from=sluice'
  }
  return text
}

/** Secrets, the newest first: two of them while one takes the place of the other. */
export function readSecrets(text: string): readonly string[] {
  const secrets = text.split(',')
  if (secrets.length > 2 || secrets.some((secret) => !/^[\x21-\x7e]{16,256}$/.test(secret))) {
    throw 'expected a secret of 16 to 256 letters, digits and signs, or two separated by a comma, the newest first'
  }
  return secrets
}

export function readText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) throw 'expected a text without control characters'
  return text
}

export function readProxies(text: string): BlockList {
  const proxies = new BlockList()
  for (const item of listOf('addresses such as 10.0.0.1 or 10.0.0.0/8', /^[0-9a-fA-F.:]+(\/\d{1,3})?$/)(text)) {
    const [address = '', bits] = item.split('/')
    const version = isIP(address)
    if (version === 0 || Number(bits ?? 0) > (version === 4 ? 32 : 128)) throw `${item} is no address`
    const type = version === 4 ? 'ipv4' : 'ipv6'
    if (bits === undefined) proxies.addAddress(address, type)
    else proxies.addSubnet(address, Number(bits), type)
  }
  return proxies
}

export const setting = <T>(definition: Setting<T>): Setting<T> => definition
