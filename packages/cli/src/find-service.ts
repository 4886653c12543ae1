import { Misuse } from './command.ts'
import { configPath, type Profile, readConfig, readSecretFile } from './config-file.ts'
import { localCredentials, type SecretPair } from './local-credentials.ts'
import { dataDirectory } from './local-store.ts'
import { defaultUrl, isServiceUrl } from './service-url.ts'

/** A service and an app of it, and where on this machine both were found, for messages. */
export interface FoundService {
  readonly url: string
  readonly urlFrom: string
  readonly credentials: SecretPair
  readonly credentialsFrom: string
}

/** The options of every command that takes an app's credentials. */
export const profileOption = {
  profile: { value: 'NAME', text: 'a profile, see sluice profile (default SLUICE_PROFILE)' },
} as const

/** The options of every command that calls a service. */
export const serviceOptions = {
  ...profileOption,
  url: { value: 'URL', text: `where the service is (default SLUICE_URL, the profile's, ${defaultUrl})` },
} as const

/** For `--help` of these commands. */
export const credentialsNotes = `Credentials are those of --profile, else SLUICE_SECRET_ID and SLUICE_SECRET_KEY, else those of the profile that
SLUICE_PROFILE or sluice profile use names, else those of a service on this machine.`

interface Given {
  readonly profile?: string | undefined
  readonly url?: string | undefined
}

/**
 * Finds the service a command is to call: by option, else by the environment, else by the profile, else on this machine.
 * What `--profile` names goes before the environment. Throws naming what is wrong or missing.
 */
export async function findService(given: Given, env = process.env): Promise<FoundService> {
  const profile = await findProfile(given.profile, env)
  const { url, from } = chooseUrl(given, profile, env)
  return { url, urlFrom: from, ...(await chooseCredentials(profile, env)) }
}

/** Finds the service alone, whether there are credentials or not. */
export async function findAddress(given: Given, env = process.env): Promise<string> {
  return chooseUrl(given, await findProfile(given.profile, env), env).url
}

/** Finds the credentials alone, for what is signed without calling anybody. */
export async function findCredentials(given: Omit<Given, 'url'>, env = process.env): Promise<SecretPair> {
  return (await chooseCredentials(await findProfile(given.profile, env), env)).credentials
}

interface FoundProfile extends Profile {
  readonly name: string
  readonly file: string
  /** Whether `--profile` names it. */
  readonly asked: boolean
}

async function findProfile(option: string | undefined, env: NodeJS.ProcessEnv): Promise<FoundProfile | undefined> {
  const file = configPath(env)
  const { default: fallback, profiles } = await readConfig(file)
  const name = option ?? (env['SLUICE_PROFILE'] || fallback)
  if (name === undefined) return undefined
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile) return { ...profile, name, file, asked: option !== undefined }
  const known = Object.keys(profiles).join(', ') || 'none'
  throw new Misuse(`${option === undefined ? 'SLUICE_PROFILE' : '--profile'}: '${name}' is not in ${file} (${known})`)
}

function chooseUrl({ url }: Given, profile: FoundProfile | undefined, env: NodeJS.ProcessEnv) {
  const fromEnv = env['SLUICE_URL'] || undefined
  if (url !== undefined) return checked(url, '--url')
  if (profile?.asked || (profile && fromEnv === undefined)) return { url: profile.url, from: nameOf(profile) }
  if (fromEnv !== undefined) return checked(fromEnv, 'SLUICE_URL')
  return { url: defaultUrl, from: 'the default' }
}

function checked(url: string, from: string) {
  if (isServiceUrl(url)) return { url, from }
  throw new Misuse(`${from} must be like ${defaultUrl}, not '${url}'`)
}

async function chooseCredentials(
  profile: FoundProfile | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Pick<FoundService, 'credentials' | 'credentialsFrom'>> {
  const secretId = env['SLUICE_SECRET_ID'] ?? ''
  const secretKey = env['SLUICE_SECRET_KEY'] ?? ''
  if (!profile?.asked && secretId !== '') {
    if (secretKey === '') throw new Error('SLUICE_SECRET_KEY is not set, though SLUICE_SECRET_ID is')
    return {
      credentials: { secretId, secretKey },
      credentialsFrom: 'SLUICE_SECRET_ID and SLUICE_SECRET_KEY',
    }
  }
  if (profile) return ofProfile(profile, secretKey)
  if (secretKey !== '') throw new Error('SLUICE_SECRET_ID is not set, though SLUICE_SECRET_KEY is')
  const credentials = await localCredentials()
  if (credentials) return { credentials, credentialsFrom: `the service in ${dataDirectory()}` }
  throw new Error(
    `no credentials: name a profile (sluice profile add), or set SLUICE_SECRET_ID and SLUICE_SECRET_KEY to those of the app; ${dataDirectory()} holds no service with an enabled app`,
  )
}

/** A profile's own key goes before that of the environment only when the profile was asked for. */
async function ofProfile(profile: FoundProfile, keyFromEnv: string) {
  const { name, file, secretId, asked, secretKeyFile } = profile
  const take = (secretKey: string, from: string) => ({ credentials: { secretId, secretKey }, credentialsFrom: from })
  const withEnv = () => take(keyFromEnv, `${nameOf(profile)} and SLUICE_SECRET_KEY`)
  if (!asked && keyFromEnv !== '') return withEnv()
  if (profile.secretKey !== undefined) return take(profile.secretKey, nameOf(profile))
  if (secretKeyFile !== undefined) return take(await readSecretFile(file, name, secretKeyFile), nameOf(profile))
  if (keyFromEnv !== '') return withEnv()
  throw new Error(`${file}: profile '${name}' has no secretKey and no secretKeyFile, and SLUICE_SECRET_KEY is not set`)
}

function nameOf({ name, file }: FoundProfile): string {
  return `profile '${name}' in ${file}`
}
