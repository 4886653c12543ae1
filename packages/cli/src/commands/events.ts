import { defineCommand, Misuse } from '../command.ts'
import { withLocalStore } from '../local-store.ts'
import { parseWhole } from '../quantities.ts'

export const command = defineCommand({
  summary: 'Show the events that were recorded, on the machine of the service.',
  usage: 'list [--app APP_ID] [--limit N] [--json]',
  options: {
    app: { value: 'APP_ID', text: 'only the events of this app' },
    limit: { value: 'N', text: 'how many, the newest first (default 50)' },
    json: { text: 'print one JSON object a line, with time, app and number' },
  },
  notes: 'Works on the data directory (SLUICE_DATA_DIR, ./data), whether the service runs or not.',

  async run({ positionals: [verb, ...more], values }) {
    if (verb !== 'list') throw new Misuse(`expected list, not '${verb ?? ''}'`)
    if (more[0] !== undefined) throw new Misuse(`unexpected argument '${more[0]}'`)
    const appId = values.app === undefined ? undefined : parseWhole('--app', values.app, 1, 999_999_999_999_999)
    const limit = parseWhole('--limit', values.limit ?? '50', 1, 1_000_000)
    for (const event of await withLocalStore((metadata) => metadata.listEvents({ appId, limit }))) {
      process.stdout.write(`${JSON.stringify(values.json ? event : event.content, null, values.json ? 0 : 2)}\n`)
    }
    return 0
  },
})
