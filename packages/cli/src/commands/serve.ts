import { type Credential, readSettings, type Service, SettingError, settingsTable, startService } from '@sluice/server'
import { defineCommand, Misuse } from '../command.ts'
import { onStopSignal } from '../stop-signal.ts'

export const command = defineCommand({
  summary: 'Run the service.',
  usage: '',
  options: {},
  notes: `Settings, from the environment:\n\n${describeSettings()}`,

  async run({ positionals }) {
    if (positionals[0] !== undefined)
      throw new Misuse(`unexpected argument '${positionals[0]}': settings are SLUICE_… variables`)
    warnOfUnknownSettings()
    process.umask(0o077) // the metadata holds the apps' keys
    const service = await start()
    process.stdout.write(`sluice listening on ${service.url}\n`)
    if (service.newCredential) process.stdout.write(introduce(service.newCredential))
    await new Promise<number>(onStopSignal)
    await service.close()
    return 0
  },
})

async function start(): Promise<Service> {
  try {
    return await startService(readSettings(process.env))
  } catch (error) {
    if (error instanceof SettingError) throw new Misuse(error.message)
    throw explained(error)
  }
}

function introduce({ appId, secretId, secretKey }: Credential): string {
  return `
The first app was made. Its keys are shown this once; keep them:

  SLUICE_APP_ID=${appId}
  SLUICE_SECRET_ID=${secretId}
  SLUICE_SECRET_KEY=${secretKey}

`
}

function explained(error: unknown): unknown {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (code === 'EADDRINUSE') return new Error(`SLUICE_PORT: ${address}:${port} is in use`, { cause: error })
  if (code === 'EADDRNOTAVAIL')
    return new Error(`SLUICE_HOST: ${address} is no address of this machine`, { cause: error })
  if (code === 'EACCES') return new Error('SLUICE_DATA_DIR or SLUICE_PORT: permission denied', { cause: error })
  return error
}

/** A misspelt setting would be silently ignored otherwise. */
function warnOfUnknownSettings(): void {
  const others = ['SLUICE_URL', 'SLUICE_CONFIG', 'SLUICE_PROFILE', 'SLUICE_DEBUG', 'SLUICE_HOTLINK_KEY']
  for (const name of Object.keys(process.env)) {
    if (!name.startsWith('SLUICE_') || name in settingsTable || others.includes(name)) continue
    process.stderr.write(`sluice serve: ${name} is no setting and has no effect\n`)
  }
}

function describeSettings(): string {
  const blocks = Object.entries(settingsTable).map(([name, { about, default: fallback }]) => {
    return `  ${name}${fallback === '' ? '' : ` (${fallback})`}\n      ${about}`
  })
  return blocks.join('\n')
}
