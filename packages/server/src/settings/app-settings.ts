import type { App, Metadata } from '../metadata/metadata.ts'
import { listOf, oneOf, optionally, readCallbackUrl, readSecrets, type Setting, setting } from './setting.ts'

/** Every setting of an app: what `sluice app set` takes and docs/operating.md describes. */
export const appSettingsTable = {
  eventMode: setting({
    default: 'reliable',
    about: 'How events reach the app: reliable (it pulls and confirms them), callback (they are sent to it), off.',
    read: oneOf('reliable', 'callback', 'off'),
  }),
  eventTypes: setting({
    default: 'all',
    about: 'Which events reach the app: all, or the names of types such as NewFileUpload, separated by commas.',
    read: (text) => (text === 'all' ? undefined : listOf('names of event types', /^[A-Za-z]{1,64}$/)(text)),
  }),
  callbackUrl: setting({
    default: '',
    about: 'Where events are sent in callback mode.',
    read: optionally(readCallbackUrl),
  }),
  callbackPolicy: setting({
    default: 'documented',
    about: 'How often an event is sent that gets no answer: documented (three times), persistent (for 24 hours).',
    read: oneOf('documented', 'persistent'),
  }),
  retryOnHttpError: setting({
    default: 'off',
    about: 'Whether an answer with a status other than 2xx counts as none: off, on.',
    read: oneOf('off', 'on'),
  }),
  callbackSecret: setting({
    default: '',
    about: 'Secret that callbacks are signed with; two during a rotation, separated by a comma, the newest first.',
    read: (text) => (text === '' ? [] : readSecrets(text)),
    secret: true,
  }),
  hotlinkKey: setting({
    default: '',
    about: 'Key that playback addresses must be signed with, 8 to 20 letters or digits. Without one anybody may play.',
    read: optionally((text) => {
      if (!/^[A-Za-z0-9]{8,20}$/.test(text)) throw 'expected 8 to 20 letters or digits'
      return text
    }),
    secret: true,
  }),
  refererRule: setting({
    default: 'off',
    about: 'Which pages may play: those of referers (white), all but those (black), any (off).',
    read: oneOf('off', 'white', 'black'),
  }),
  referers: setting({
    default: '',
    about: 'Up to 10 beginnings of page addresses without http://, such as www.example.com/ or *.example.com/.',
    read: (text) => {
      const entries = listOf(
        'beginnings such as www.example.com/ or *.example.com/',
        /^(\*\.)?[^\s*/?#:][^\s*]*$/,
      )(text)
      if (entries.length > 10) throw 'expected at most 10'
      if (entries.some((entry) => entry.includes('://'))) throw 'expected them without http://'
      return entries.map((entry) => entry.toLowerCase())
    },
  }),
  emptyReferer: setting({
    default: 'allow',
    about: 'Whether a request that names no page may play while refererRule is not off: allow, refuse.',
    read: oneOf('allow', 'refuse'),
  }),
} as const

/** An app's settings, read. */
export type AppSettings = {
  readonly [Name in keyof typeof appSettingsTable]: ReturnType<(typeof appSettingsTable)[Name]['read']>
}

export type AppSettingName = keyof AppSettings

/**
 * Reads an app's settings. A name that is not of the table, or a value that is none, as another version may have left it,
 * means nothing: one app's must not keep the others from being served.
 */
export function readAppSettings({ settings }: Pick<App, 'settings'>): AppSettings {
  const read: Record<string, unknown> = {}
  for (const [name, { default: fallback, read: readOne }] of Object.entries<Setting<unknown>>(appSettingsTable)) {
    read[name] = readOr(readOne, settings[name], fallback)
  }
  return read as AppSettings // every name was just set from its own reader
}

function readOr<T>(read: (text: string) => T, text: string | undefined, fallback: string): T {
  try {
    if (text) return read(text)
  } catch (expected) {
    if (typeof expected !== 'string') throw expected
  }
  return read(fallback)
}

/**
 * Changes some of an app's settings; an empty text sets one back to its default. Throws a sentence that names the first
 * that is wrong, and then changes nothing.
 */
export async function changeAppSettings(
  metadata: Pick<Metadata, 'findApp' | 'setAppSettings'>,
  appId: number,
  changes: Readonly<Record<string, string>>,
): Promise<App> {
  const app = await metadata.findApp(appId)
  if (!app) throw new Error(`there is no app ${appId}`)
  const settings = { ...app.settings }
  for (const [name, text] of Object.entries(changes)) {
    requireReadable(name, text)
    if (text === '') delete settings[name]
    else settings[name] = text
  }
  await metadata.setAppSettings(appId, settings)
  return { ...app, settings }
}

function requireReadable(name: string, text: string): void {
  const table: Readonly<Record<string, Setting<unknown>>> = appSettingsTable
  const found = Object.hasOwn(table, name) ? table[name] : undefined
  if (!found) throw new Error(`${name}: expected one of ${Object.keys(table).join(', ')}`)
  try {
    if (text !== '') found.read(text)
  } catch (expected) {
    if (typeof expected !== 'string') throw expected
    throw new Error(`${name}: ${expected}${found.secret ? '' : `, found "${text}"`}`)
  }
}
