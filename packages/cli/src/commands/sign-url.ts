import { randomBytes } from 'node:crypto'
import { hotlinkQuery } from '@sluice/protocol/signatures'
import { defineCommand, Misuse } from '../command.ts'
import { appIdOf, findHotlinkKey } from '../find-hotlink-key.ts'
import { dataDirectory } from '../local-store.ts'
import { parseSeconds, parseWhole } from '../quantities.ts'

const tenYearsS = 10 * 365 * 86_400

export const command = defineCommand({
  summary: 'Sign a playback address of an app whose files are protected by a key.',
  usage: 'URL [--expires TIME] [--exper SECONDS] [--rlimit N] [--key KEY]',
  options: {
    expires: {
      value: 'TIME',
      text: 'how long it is good: 3600s, 30m, 12h, 1d (default 1h); the service adds 5 minutes',
    },
    exper: { value: 'SECONDS', text: 'only a preview of so many seconds; the service refuses longer videos' },
    rlimit: { value: 'N', text: 'only for that many client addresses' },
    key: { value: 'KEY', text: "the app's hotlinkKey" },
  },
  examples: [['sign-url https://video.example.com/vod1250000001/…/f0.mp4 --expires 2h', 'to be played for two hours']],
  notes: `Without --key it is taken from SLUICE_HOTLINK_KEY, else from the app's settings in the data directory
(SLUICE_DATA_DIR, ./data). The signature holds for all that lies beside the file, its covers too.`,

  async run({ positionals: [address, ...more], values }) {
    if (more[0] !== undefined) throw new Misuse(`unexpected argument '${more[0]}'`)
    const url = parseAddress(address)
    const forS = parseSeconds('--expires', values.expires ?? '1h', 1, tenYearsS)
    const exper = values.exper && String(parseWhole('--exper', values.exper, 1, 999_999_999))
    const rlimit = values.rlimit && String(parseWhole('--rlimit', values.rlimit, 1, 999_999_999))
    const query = hotlinkQuery({
      key: values.key ?? (await keyOf(url)),
      dir: url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1),
      t: (Math.floor(Date.now() / 1000) + forS).toString(16),
      ...(exper !== undefined && { exper }),
      ...(rlimit !== undefined && { rlimit }),
      us: randomBytes(5).toString('hex'),
    })
    process.stdout.write(`${url.href}?${query}\n`)
    return 0
  },
})

function parseAddress(address: string | undefined): URL {
  if (address === undefined) throw new Misuse('URL is missing')
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new Misuse(`URL must be the http or https address of a file, without a query, not '${address}'`)
  }
  return url
}

async function keyOf(url: URL): Promise<string> {
  const key = await findHotlinkKey(url)
  if (key !== undefined) return key
  const appId = appIdOf(url.pathname)
  if (appId === undefined) throw new Misuse('URL names no app: give --key')
  throw new Error(
    `no hotlinkKey of app ${appId} is known: ${dataDirectory()} holds none, and SLUICE_HOTLINK_KEY is not set`,
  )
}
