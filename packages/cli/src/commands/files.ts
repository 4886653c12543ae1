import { defineCommand, Misuse } from '../command.ts'
import { withLocalStore } from '../local-store.ts'
import { parseWhole } from '../quantities.ts'
import { layOutTable } from '../table.ts'

export const command = defineCommand({
  summary: 'Show the files that are stored, on the machine of the service.',
  usage: 'list [--app APP_ID] [--limit N] [--json]\ninfo FILE_ID [--json]',
  options: {
    app: { value: 'APP_ID', text: 'only the files of this app' },
    limit: { value: 'N', text: 'how many, the newest first (default 50)' },
    json: { text: 'print one JSON object a line' },
  },
  notes: 'Works on the data directory (SLUICE_DATA_DIR, ./data), whether the service runs or not.',

  async run({ positionals: [verb, fileId, ...more], values }) {
    if (more[0] !== undefined) throw new Misuse(`unexpected argument '${more[0]}'`)
    const appId = values.app === undefined ? undefined : parseWhole('--app', values.app, 1, 999_999_999_999_999)
    const limit = parseWhole('--limit', values.limit ?? '50', 1, 1_000_000)
    if (verb === 'list' && fileId === undefined) return list({ appId, limit }, values.json)
    if (verb === 'info' && fileId !== undefined) return info(fileId, values.json)
    throw new Misuse(`expected list, or info with a FILE_ID`)
  },
})

async function list(page: { appId: number | undefined; limit: number }, json: boolean): Promise<number> {
  const files = await withLocalStore((metadata) => metadata.listFiles(page))
  if (json) for (const file of files) process.stdout.write(`${JSON.stringify(file)}\n`)
  else {
    const rows = files.map(({ fileId, appId, fileSize, fileType, createdAt, fileName }) => {
      return [fileId, String(appId), String(fileSize), fileType, new Date(createdAt).toISOString(), fileName]
    })
    process.stdout.write(layOutTable(['FILE', 'APP', 'BYTES', 'TYPE', 'CREATED', 'NAME'], rows))
  }
  return 0
}

async function info(fileId: string, json: boolean): Promise<number> {
  const file = await withLocalStore((metadata) => metadata.findFile(fileId))
  if (!file) throw new Error(`there is no file ${fileId}`)
  const shown = { ...file, path: `/vod${file.appId}/${file.fileId}/f0.${file.fileType}` }
  if (json) process.stdout.write(`${JSON.stringify(shown)}\n`)
  else {
    const { media, ...rest } = shown
    const known = typeof media === 'string' ? { media } : media
    const lines = Object.entries({ ...rest, ...known }).map(([name, value]) => `${name.padEnd(12)} ${format(value)}\n`)
    process.stdout.write(lines.join(''))
  }
  return 0
}

function format(value: string | number | null | readonly string[]): string {
  return value === null ? '-' : Array.isArray(value) ? value.join(', ') : String(value)
}
