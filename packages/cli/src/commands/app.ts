import { appSettingsTable, changeAppSettings, createApp, newCredential } from '@sluice/server/apps'
import { defineCommand, Misuse } from '../command.ts'
import { withLocalStore } from '../local-store.ts'
import { parseSeconds, parseWhole } from '../quantities.ts'
import { layOutTable } from '../table.ts'

const maxGraceS = 90 * 86_400

export const command = defineCommand({
  summary: 'Make and look after apps, on the machine of the service.',
  usage:
    'create [APP_ID] [--json]\nlist [--json]\nrotate-key APP_ID [--grace TIME] [--json]\nset APP_ID NAME=VALUE… [--json]\ndisable APP_ID\nenable APP_ID',
  options: {
    grace: { value: 'TIME', text: 'how long the keys before stay valid: 0s, 30m, 24h (default 24h)' },
    json: { text: 'print JSON' },
  },
  examples: [
    ['app create', 'another app; prints its keys'],
    ['app rotate-key 1250000001 --grace 1h', 'new keys, those before end in an hour'],
    ['app set 1250000001 eventMode=off', 'a setting, below'],
  ],
  notes: `Works on the data directory (SLUICE_DATA_DIR, ./data), whether the service runs or not; a running one follows within
two seconds. A disabled app is refused with -4300; its files are still served.

Settings of an app, with their defaults; NAME= goes back to the default:

${Object.entries(appSettingsTable)
  .map(([name, { default: fallback, about }]) => `  ${name}${fallback === '' ? '' : ` (${fallback})`}\n      ${about}`)
  .join('\n')}`,

  async run({ positionals: [verb, argument, ...more], values }) {
    if (more[0] !== undefined && verb !== 'set') throw new Misuse(`unexpected argument '${more[0]}'`)
    const appId = argument === undefined ? undefined : parseWhole('APP_ID', argument, 1, 999_999_999_999_999)
    if (values.grace !== undefined && verb !== 'rotate-key') throw new Misuse('--grace is for rotate-key')
    switch (verb) {
      case 'create':
        return create(appId, values.json)
      case 'list':
        return list(values.json)
      case 'rotate-key':
        return rotateKey(required(appId), parseSeconds('--grace', values.grace ?? '24h', 0, maxGraceS), values.json)
      case 'set':
        return set(required(appId), more, values.json)
      case 'disable':
        return setDisabled(required(appId), Date.now())
      case 'enable':
        return setDisabled(required(appId), null)
      default:
        throw new Misuse(`expected create, list, rotate-key, set, disable or enable, not '${verb ?? ''}'`)
    }
  },
})

async function create(appId: number | undefined, json: boolean): Promise<number> {
  const { app, credential } = await withLocalStore((metadata) => createApp(metadata, Date.now(), appId))
  const { secretId, secretKey } = credential
  return show(json, { appId: app.appId, secretId, secretKey, verifyKey: app.verifyKey })
}

async function list(json: boolean): Promise<number> {
  const apps = await withLocalStore(async (metadata) => {
    const found = await metadata.listApps()
    return Promise.all(found.map(async (app) => ({ ...app, credentials: await metadata.listCredentials(app.appId) })))
  })
  const rows = apps.map(({ appId, verifyKey, disabledAt, createdAt, credentials, settings }) => ({
    appId,
    state: disabledAt === null ? 'enabled' : 'disabled',
    createdAt: new Date(createdAt).toISOString(),
    secretIds: credentials
      .filter(({ expiresAt }) => expiresAt === null || expiresAt > Date.now())
      .map((one) => one.secretId),
    verifyKey,
    settings: shownSettings(settings),
  }))
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  else {
    const cells = rows.map((row) => [String(row.appId), row.state, row.createdAt, row.secretIds.join(' ')])
    process.stdout.write(layOutTable(['APP', 'STATE', 'CREATED', 'SECRET IDS'], cells))
  }
  return 0
}

async function rotateKey(appId: number, graceS: number, json: boolean): Promise<number> {
  const { secretId, secretKey } = await withLocalStore(async (metadata) => {
    if (!(await metadata.findApp(appId))) throw new Error(`there is no app ${appId}`)
    const credential = newCredential(appId, Date.now())
    await metadata.rotateCredential(credential, Date.now() + graceS * 1000)
    return credential
  })
  return show(json, { appId, secretId, secretKey })
}

async function set(appId: number, assignments: readonly string[], json: boolean): Promise<number> {
  const changes = assignments.map((assignment) => {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(assignment) ?? []
    if (name === '') throw new Misuse(`expected NAME=VALUE, not '${assignment}'`)
    return [name, value]
  })
  if (changes.length === 0) throw new Misuse('expected NAME=VALUE')
  const { settings } = await withLocalStore((metadata) =>
    changeAppSettings(metadata, appId, Object.fromEntries(changes)),
  )
  return show(json, { appId, ...shownSettings(settings) })
}

/** An app's settings as they may be shown. */
function shownSettings(settings: Readonly<Record<string, string>>): Record<string, string> {
  const secret = (name: string) =>
    Object.entries<{ secret?: true }>(appSettingsTable).some(([row, { secret }]) => row === name && secret)
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, secret(name) ? '(secret)' : value]))
}

async function setDisabled(appId: number, disabledAt: number | null): Promise<number> {
  const found = await withLocalStore((metadata) => metadata.setAppDisabled(appId, disabledAt))
  if (!found) throw new Error(`there is no app ${appId}`)
  return 0
}

function required(appId: number | undefined): number {
  if (appId === undefined) throw new Misuse('APP_ID is missing')
  return appId
}

function show(json: boolean, fields: Record<string, string | number>): number {
  const lines = Object.entries(fields).map(([name, value]) => `${name.padEnd(10)} ${value}\n`)
  process.stdout.write(json ? `${JSON.stringify(fields)}\n` : lines.join(''))
  return 0
}
