import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { isServiceUrl } from './service-url.ts'

/** A service and an app of it, under a name. */
export interface Profile {
  readonly url: string
  readonly secretId: string
  /** The key itself. Without it and `secretKeyFile` it comes from SLUICE_SECRET_KEY. */
  readonly secretKey?: string
  /** A file with the key and nothing else, relative to the configuration file. */
  readonly secretKeyFile?: string
}

/** What the configuration file holds. */
export interface Config {
  /** The profile that counts when none is named. */
  readonly default?: string
  readonly profiles: Readonly<Record<string, Profile>>
}

/** Where it is: `$SLUICE_CONFIG`, else `sluice/config.json` in `$XDG_CONFIG_HOME` or `~/.config`. */
export function configPath(env = process.env): string {
  if (env['SLUICE_CONFIG']) return resolve(env['SLUICE_CONFIG'])
  return join(env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'sluice', 'config.json')
}

/** Reads it; one that is not there is empty. Throws naming file, profile and member of what is wrong. */
export async function readConfig(path: string): Promise<Config> {
  const read = await readWhole(path)
  if (!read) return { profiles: {} }
  const config = parseConfig(path, read.text)
  const secret = Object.keys(config.profiles).find((name) => config.profiles[name]?.secretKey !== undefined)
  if (secret !== undefined) requirePrivate(path, read.mode, `holds the secretKey of profile '${secret}'`)
  return config
}

/** Writes it in one step, readable by its owner alone. */
export async function writeConfig(path: string, config: Config): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const target = await realpath(path).catch(() => path) // a link into somebody's dotfiles stays one
  const fresh = `${target}.${randomBytes(4).toString('hex')}`
  try {
    const file = await open(fresh, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(config, null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, target)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
}

/** Reads the key from a profile's `secretKeyFile`. Throws naming file and profile, and what to do about others who may read it. */
export async function readSecretFile(configFile: string, name: string, secretKeyFile: string): Promise<string> {
  const path = resolve(dirname(configFile), secretKeyFile)
  const read = await readWhole(path)
  if (!read) throw new Error(`${configFile}: profile '${name}': secretKeyFile: there is no file ${path}`)
  requirePrivate(path, read.mode, `holds the secretKey of profile '${name}'`)
  const key = read.text.trim()
  if (key === '') throw new Error(`${path}: expected the secretKey of profile '${name}', found an empty file`)
  return key
}

async function readWhole(path: string): Promise<{ text: string; mode: number } | undefined> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException // open rejects with nothing else
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const why = code === 'EACCES' ? 'you may not read it' : (cause as Error).message
    throw new Error(`${path} cannot be opened: ${why}`, { cause })
  }
  try {
    const { mode } = await file.stat()
    return { text: await file.readFile('utf8'), mode }
  } finally {
    await file.close()
  }
}

/** Windows keeps rights elsewhere than in the mode. */
function requirePrivate(path: string, mode: number, what: string): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  const shown = (mode & 0o777).toString(8).padStart(4, '0')
  throw new Error(`${path} ${what}, and others may read it (${shown}); run: chmod 600 ${path}`)
}

function parseConfig(path: string, text: string): Config {
  const wrong = (what: string) => new Error(`${path}: ${what}`)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw wrong(`expected JSON: ${(cause as SyntaxError).message}`)
  }
  const { default: fallback, profiles, ...others } = members(parsed, wrong('expected { "default", "profiles" }'))
  for (const name of Object.keys(others)) throw wrong(`'${name}' is not known; expected default or profiles`)
  const rows = Object.entries(members(profiles, wrong('profiles: expected an object')))
  const read = Object.fromEntries(
    rows.map(([name, row]) => [name, readProfile(row, (what) => wrong(`profile '${name}': ${what}`))]),
  )
  if (fallback === undefined) return { profiles: read }
  if (typeof fallback !== 'string' || !Object.hasOwn(read, fallback)) {
    throw wrong(`default: expected the name of a profile, found ${JSON.stringify(fallback)}`)
  }
  return { default: fallback, profiles: read }
}

function readProfile(row: unknown, wrong: (what: string) => Error): Profile {
  const { url, secretId, secretKey, secretKeyFile, ...others } = members(row, wrong('expected an object'))
  for (const name of Object.keys(others)) {
    throw wrong(`'${name}' is not known; expected url, secretId, secretKey or secretKeyFile`)
  }
  // Nothing of a value is shown: it may be a secret that stands in the wrong place.
  const text = (name: string, value: unknown) => {
    if (typeof value === 'string' && value !== '') return value
    throw wrong(`${name}: expected a text, found ${value === undefined ? 'none' : 'something else'}`)
  }
  const address = text('url', url)
  if (!isServiceUrl(address)) throw wrong('url: expected an address like https://upload.example.com')
  if (secretKey !== undefined && secretKeyFile !== undefined) throw wrong('expected one of secretKey and secretKeyFile')
  return {
    url: address,
    secretId: text('secretId', secretId),
    ...(secretKey !== undefined && { secretKey: text('secretKey', secretKey) }),
    ...(secretKeyFile !== undefined && { secretKeyFile: text('secretKeyFile', secretKeyFile) }),
  }
}

function members(value: unknown, error: Error): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw error
  return value as Readonly<Record<string, unknown>> // an object has these
}
