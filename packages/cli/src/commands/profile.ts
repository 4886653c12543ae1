import { resolve } from 'node:path'
import { type Arguments, defineCommand, Misuse } from '../command.ts'
import { type Config, configPath, type Profile, readConfig, readSecretFile, writeConfig } from '../config-file.ts'
import { readSecret } from '../read-secret.ts'
import { isServiceUrl } from '../service-url.ts'
import { layOutTable } from '../table.ts'

const options = {
  url: { value: 'URL', text: 'add: where the service is' },
  'secret-id': { value: 'ID', text: "add: the app's SecretId" },
  'secret-key-file': { value: 'FILE', text: 'add: a file with the SecretKey, which stays where it is' },
  json: { text: 'list: print one JSON object a line' },
} as const

export const command = defineCommand({
  summary: 'Keep services and their credentials under names.',
  usage: `list [--json]
add NAME --url URL --secret-id ID [--secret-key-file FILE]
use NAME
rm NAME`,
  options,
  notes: `A profile is a service and an app of it; commands take it by --profile NAME or SLUICE_PROFILE. The first one, and the
one that use names, counts when none is named. add asks for the SecretKey, or reads it from standard input; add with the
name of a profile replaces it.

They are in $SLUICE_CONFIG, else sluice/config.json in $XDG_CONFIG_HOME or ~/.config, a file for its owner alone:

  {"default": "work", "profiles": {"work": {"url": "https://…", "secretId": "AKID…", "secretKeyFile": "work.key"}}}

A profile has secretKey, or secretKeyFile, or neither: then SLUICE_SECRET_KEY is the key.`,

  async run({ positionals: [verb, name, ...more], values }) {
    if (more[0] !== undefined) throw new Misuse(`unexpected argument '${more[0]}'`)
    switch (verb) {
      case 'list':
        if (name !== undefined) throw new Misuse(`unexpected argument '${name}'`)
        return list(values.json)
      case 'add':
        return add(required(name), values)
      case 'use':
        return change(required(name), (config, known) => ({ ...config, default: known }))
      case 'rm':
        return change(required(name), without)
      default:
        throw new Misuse(`expected list, add, use or rm, not '${verb ?? ''}'`)
    }
  },
})

async function list(json: boolean): Promise<number> {
  const { default: fallback, profiles } = await readConfig(configPath())
  const rows = Object.entries(profiles).map(([name, { url, secretId, secretKey, secretKeyFile }]) => {
    const from = secretKey !== undefined ? 'the profile' : (secretKeyFile ?? 'SLUICE_SECRET_KEY')
    return { name, default: name === fallback, url, secretId, secretKeyFrom: from }
  })
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  else {
    const cells = rows.map((row) => [row.default ? '*' : '', row.name, row.url, row.secretId, row.secretKeyFrom])
    process.stdout.write(layOutTable(['', 'PROFILE', 'URL', 'SECRET ID', 'SECRET KEY FROM'], cells))
  }
  return 0
}

async function add(name: string, values: Arguments<typeof options>['values']): Promise<number> {
  const { url, 'secret-id': secretId, 'secret-key-file': keyFile } = values
  if (!/^[\w.-]{1,64}$/.test(name)) throw new Misuse(`NAME must be letters, digits, '.', '_' and '-', not '${name}'`)
  if (url === undefined || !isServiceUrl(url))
    throw new Misuse('expected --url with an address like https://example.com')
  if (!secretId) throw new Misuse("expected --secret-id with the app's SecretId")
  const path = configPath()
  const before = await readConfig(path)
  const profile: Profile = { url, secretId, ...(await keyOf(path, name, keyFile)) }
  const replaced = Object.hasOwn(before.profiles, name)
  await writeConfig(path, { default: name, ...before, profiles: { ...before.profiles, [name]: profile } })
  process.stderr.write(`profile '${name}' ${replaced ? 'replaced' : 'added'} in ${path}\n`)
  return 0
}

async function keyOf(path: string, name: string, keyFile: string | undefined) {
  if (keyFile === undefined) return { secretKey: await readSecret(`SecretKey of ${name}: `) }
  const secretKeyFile = resolve(keyFile)
  await readSecretFile(path, name, secretKeyFile)
  return { secretKeyFile }
}

async function change(name: string, make: (config: Config, name: string) => Config): Promise<number> {
  const path = configPath()
  const config = await readConfig(path)
  if (!Object.hasOwn(config.profiles, name)) throw new Error(`there is no profile '${name}' in ${path}`)
  await writeConfig(path, make(config, name))
  return 0
}

function without({ default: fallback, profiles }: Config, name: string): Config {
  const { [name]: _removed, ...others } = profiles
  return { ...(fallback !== undefined && fallback !== name && { default: fallback }), profiles: others }
}

function required(name: string | undefined): string {
  if (name === undefined) throw new Misuse('NAME is missing')
  return name
}
