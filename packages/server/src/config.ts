import { BlockList, isIP } from 'node:net'
import { resolve } from 'node:path'
import { type LogLevel, logLevels } from './observe/log.ts'

/** A setting of the environment. */
interface Setting<T> {
  /** What an absent or empty variable means, written as one would write it there; empty for nothing. */
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

function readSize(text: string): number {
  const [, number, unit = ''] = /^(\d+)\s*([KMGT]iB)?$/.exec(text) ?? []
  if (number === undefined) throw 'expected a size such as 512KiB, 64MiB or 2GiB'
  return Number(number) * (units[unit] ?? 1)
}

function readDuration(text: string): number {
  const [, number, unit = ''] = /^(\d+)\s*(ms|s|m|h|d)$/.exec(text) ?? []
  if (number === undefined) throw 'expected a duration such as 30s, 5m or 24h'
  return Number(number) * (periods[unit] ?? 1)
}

/** A time limit: past 24 days a timer of Node would fire at once, and at 0 every call would be too slow. */
function readTimeout(text: string): number {
  const ms = readDuration(text)
  if (ms < 1 || ms > 24 * 86_400_000) throw 'expected a duration from 1ms to 24d'
  return ms
}

const readCount = (min: number, max: number) => (text: string) => {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(number >= min && number <= max)) throw `expected a whole number from ${min} to ${max}`
  return number
}

const oneOf =
  <const Word extends string>(...words: readonly Word[]) =>
  (text: string): Word => {
    const word = words.find((candidate) => candidate === text)
    if (word === undefined) throw `expected one of ${words.join(', ')}`
    return word
  }

const optionally =
  <T>(read: (text: string) => T) =>
  (text: string): T | undefined =>
    text === '' ? undefined : read(text)

const listOf =
  (what: string, pattern: RegExp) =>
  (text: string): readonly string[] => {
    const items = text.split(',').map((item) => item.trim())
    const wrong = items.find((item) => item !== '' && !pattern.test(item))
    if (wrong !== undefined) throw `expected ${what}, separated by commas`
    return items.filter((item) => item !== '')
  }

function readUrl(text: string): string {
  if (!/^https?:\/\/[^/?#\s]+(\/[^?#\s]*)?$/.test(text)) throw 'expected an address such as https://video.example.com'
  return text.replace(/\/+$/, '')
}

function readText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) throw 'expected a text without control characters'
  return text
}

function readProxies(text: string): BlockList {
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

const setting = <T>(definition: Setting<T>): Setting<T> => definition

/** Every setting of the service: what `sluice serve --help` lists and docs/operating.md describes. */
export const settingsTable = {
  SLUICE_HOST: setting({ default: '127.0.0.1', about: 'Address to listen on; 0.0.0.0 for all.', read: readText }),
  SLUICE_PORT: setting({
    default: '8266',
    about: 'Port to listen on; 0 for any free one.',
    read: readCount(0, 65_535),
  }),
  SLUICE_DATA_DIR: setting({
    default: './data',
    about: 'Where uploads, files and metadata live; one service at a time.',
    read: (text) => resolve(readText(text)),
  }),
  SLUICE_PUBLIC_URL: setting({
    default: '',
    about: 'Start of the file addresses in answers and events; may hold {appId}. Default: the address listened on.',
    read: optionally(readUrl),
  }),
  SLUICE_PUBLIC_HOSTS: setting({
    default: '',
    about: 'Host names clients sign, with port if they use one. While empty, the Host header is believed.',
    read: listOf('host names such as upload.example.com:8443', /^[^\s/?#]+$/),
  }),
  SLUICE_PUBLIC_PATHS: setting({
    default: '',
    about: 'Further paths clients sign, when a proxy strips a prefix, such as /vod/v3/index.php.',
    read: listOf('paths that start with a slash', /^\/[^\s?#]*$/),
  }),
  SLUICE_TRUSTED_PROXIES: setting({
    default: '',
    about: 'Addresses or subnets of proxies whose X-Forwarded-Host is believed while SLUICE_PUBLIC_HOSTS is empty.',
    read: readProxies,
  }),
  SLUICE_APP_ID: setting({
    default: '',
    about: 'The app to make at start unless it is there; needs the two settings below.',
    read: optionally(readCount(1, 999_999_999_999_999)),
  }),
  SLUICE_SECRET_ID: setting({ default: '', about: 'SecretId of that app.', read: optionally(readText) }),
  SLUICE_SECRET_KEY: setting({
    default: '',
    about: 'SecretKey of that app.',
    read: optionally(readText),
    secret: true,
  }),
  SLUICE_MEMORY_BUDGET: setting({
    default: '64MiB',
    about: 'Memory for parts in flight; past it connections wait unread.',
    read: (text) => {
      const bytes = readSize(text)
      if (bytes < 2 ** 20) throw 'expected at least 1MiB, the room of one part'
      return bytes
    },
  }),
  SLUICE_MAX_FILE_SIZE: setting({ default: '64GiB', about: 'Largest file taken.', read: readSize }),
  SLUICE_MAX_FILE_NAME: setting({
    default: '40',
    about: 'Longest file name, in characters.',
    read: readCount(1, 1_000),
  }),
  SLUICE_UPLOAD_TTL: setting({
    default: '24h',
    about: 'How long an upload is kept after its last call.',
    read: readDuration,
  }),
  SLUICE_MIN_FREE_SPACE: setting({
    default: '256MiB',
    about: 'Space kept free on the data disk; uploads are refused before it is used up.',
    read: readSize,
  }),
  SLUICE_DIRECT_IO: setting({
    default: 'on',
    about: 'Whether parts bypass the page cache on the way to the disk, where the file system takes that: on, off.',
    read: oneOf('on', 'off'),
  }),
  SLUICE_INSTANT_UPLOAD_SERVER: setting({
    default: 'auto',
    about: 'What InitUpload answers for a file that is there: code2, resume (all parts listed), auto, off.',
    read: oneOf('auto', 'resume', 'code2', 'off'),
  }),
  SLUICE_INSTANT_UPLOAD_UGC: setting({
    default: 'code2',
    about: 'What InitUploadEx answers for a file that is there: code2, off.',
    read: oneOf('code2', 'off'),
  }),
  SLUICE_RATE_LIMITS: setting({
    default: 'off',
    about: "The old service's limits of calls a minute: off, documented. They delay before they refuse.",
    read: oneOf('off', 'documented'),
  }),
  SLUICE_MAINTENANCE: setting({
    default: 'off',
    about: 'on refuses uploads with -6200 for the time being; files are still served.',
    read: oneOf('off', 'on'),
  }),
  SLUICE_HEADER_TIMEOUT: setting({ default: '15s', about: "Longest time for a request's head.", read: readTimeout }),
  SLUICE_BODY_IDLE_TIMEOUT: setting({
    default: '30s',
    about: 'Longest time without a byte of a body.',
    read: readTimeout,
  }),
  SLUICE_BODY_TIMEOUT: setting({ default: '5m', about: 'Longest time for the body of a part.', read: readTimeout }),
  SLUICE_KEEP_ALIVE_TIMEOUT: setting({
    default: '75s',
    about: 'How long a connection may idle between requests.',
    read: readTimeout,
  }),
  SLUICE_DRAIN_TIMEOUT: setting({
    default: '30s',
    about: 'How long SIGTERM waits for calls under way.',
    read: readTimeout,
  }),
  SLUICE_LOG_LEVEL: setting({
    default: 'info',
    about: `Least important lines of the log on standard error: ${logLevels.join(', ')}.`,
    read: oneOf<LogLevel>(...logLevels),
  }),
} as const

/** The settings, read. */
export type Settings = {
  readonly [Name in keyof typeof settingsTable]: ReturnType<(typeof settingsTable)[Name]['read']>
}

/** A setting that cannot be used; its message names it. */
export class SettingError extends Error {
  override readonly name = 'SettingError'
}

/** Reads the settings from an environment. Throws SettingError for the first that is wrong. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const settings: Record<string, unknown> = {}
  for (const [name, { default: fallback, read, secret }] of Object.entries<Setting<unknown>>(settingsTable)) {
    const text = environment[name]?.trim() || fallback
    try {
      settings[name] = read(text)
    } catch (expected) {
      if (typeof expected !== 'string') throw expected
      throw new SettingError(`${name}: ${expected}${secret ? '' : `, found "${text}"`}`)
    }
  }
  const read = settings as Settings // every setting was just set from its own reader
  if ((read.SLUICE_SECRET_ID === undefined) !== (read.SLUICE_SECRET_KEY === undefined)) {
    throw new SettingError('SLUICE_SECRET_ID and SLUICE_SECRET_KEY: expected both or neither')
  }
  if (read.SLUICE_APP_ID !== undefined && read.SLUICE_SECRET_ID === undefined) {
    throw new SettingError('SLUICE_APP_ID: expected SLUICE_SECRET_ID and SLUICE_SECRET_KEY beside it')
  }
  return read
}
