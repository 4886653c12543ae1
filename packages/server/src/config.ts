import { resolve } from 'node:path'
import { type LogLevel, logLevels } from './observe/log.ts'
import {
  listOf,
  oneOf,
  optionally,
  readCallbackUrl,
  readCount,
  readDuration,
  readProxies,
  readSize,
  readText,
  readTimeout,
  readUrl,
  type Setting,
  setting,
} from './settings/setting.ts'

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
    about: 'Addresses or subnets of proxies whose X-Forwarded-For and X-Forwarded-Host are believed.',
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
  SLUICE_EVENT_MODE: setting({
    default: 'reliable',
    about: 'How events reach the app of SLUICE_APP_ID unless sluice app set says otherwise: reliable, callback, off.',
    read: oneOf('reliable', 'callback', 'off'),
  }),
  SLUICE_CALLBACK_URL: setting({
    default: '',
    about: 'Where events of that app are sent in callback mode; may be loopback or private.',
    read: optionally(readCallbackUrl),
  }),
  SLUICE_ALLOW_PRIVATE_CALLBACKS: setting({
    default: 'off',
    about: 'on lets callbacks go to loopback and private addresses that were set by sluice app set.',
    read: oneOf('off', 'on'),
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
  SLUICE_PULL_WORKERS: setting({
    default: '2',
    about: 'Files that MultiPullVodFile fetches at the same time; 0 for none.',
    read: readCount(0, 64),
  }),
  SLUICE_PULL_TIMEOUT: setting({
    default: '2h',
    about: 'Longest time for one attempt to fetch a file.',
    read: readTimeout,
  }),
  SLUICE_ALLOW_PRIVATE_PULLS: setting({
    default: 'off',
    about: 'on lets MultiPullVodFile fetch from loopback and private addresses.',
    read: oneOf('off', 'on'),
  }),
  SLUICE_PROBE: setting({
    default: 'on',
    about: 'Whether stored files are looked into for duration, width, height, bit rates and codecs: on, off.',
    read: oneOf('on', 'off'),
  }),
  SLUICE_RATE_LIMITS: setting({
    default: 'off',
    about: "The old service's limits of calls a minute: off, documented. They delay before they refuse.",
    read: oneOf('off', 'documented'),
  }),
  SLUICE_MAINTENANCE: setting({
    default: 'off',
    about: 'on refuses uploads with -6200, and management that changes something with 6200; files are still served.',
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
