import { type Backend, signPlayUrl } from '@sluice/backend'
import { type FileSetItem, readChinaTime, type VideoInfo } from '@sluice/protocol'
import { type Arguments, defineCommand, Misuse } from '../command.ts'
import { confirm } from '../confirm.ts'
import { findHotlinkKey } from '../find-hotlink-key.ts'
import { credentialsNotes, serviceOptions } from '../find-service.ts'
import { openBackend } from '../open-backend.ts'
import { openInBrowser } from '../open-in-browser.ts'
import { formatBytes, formatSeconds, parseWhole } from '../quantities.ts'
import { layOutTable } from '../table.ts'
import { onOneLine } from '../text-width.ts'

const options = {
  class: { value: 'ID', text: 'list: only the files of this class' },
  limit: { value: 'N', text: 'list: how many, the newest first (default 50)' },
  json: { text: 'list, info: print one JSON object a line, with all there is to know' },
  yes: { short: 'y', text: 'rm: do not ask' },
  print: { text: 'open: print the address instead' },
  ...serviceOptions,
} as const

export const command = defineCommand({
  summary: "List, show, delete and open an app's files.",
  usage: 'list [--class ID] [--limit N] [--json]\ninfo FILE_ID [--json]\nrm FILE_ID… [--yes]\nopen FILE_ID [--print]',
  options,
  examples: [
    ['files list --limit 20', 'the newest files'],
    ['files info FILE_ID --json', 'all that is known of one'],
    ['files rm FILE_ID FILE_ID --yes', 'deletes without asking'],
    ['files open FILE_ID --print', 'the address, signed where the app asks for it'],
  ],
  notes: `rm deletes for good; it asks on a terminal and needs --yes elsewhere. open shows a file in the browser; when the app
protects its files with a key, the address is signed for an hour with SLUICE_HOTLINK_KEY, else with the key in the data
directory (SLUICE_DATA_DIR, ./data).

${credentialsNotes}`,

  async run({ positionals: [verb, ...fileIds], values }) {
    switch (verb) {
      case 'list':
        if (fileIds[0] !== undefined) throw new Misuse(`unexpected argument '${fileIds[0]}'`)
        return list(values)
      case 'info':
        return info(one(fileIds), values)
      case 'rm':
        return remove(fileIds, values)
      case 'open':
        return open(one(fileIds), values)
      default:
        throw new Misuse(`expected list, info, rm or open, not '${verb ?? ''}'`)
    }
  },
})

type Given = Arguments<typeof options>['values']

async function list({ limit: limitText, class: classText, json, ...given }: Given): Promise<number> {
  const limit = parseWhole('--limit', limitText ?? '50', 1, 1_000_000)
  const classId = classText === undefined ? undefined : parseWhole('--class', classText, 0, Number.MAX_SAFE_INTEGER)
  const files = await newest(await openBackend(given), limit, classId)
  if (json) for (const file of files) process.stdout.write(`${JSON.stringify(file)}\n`)
  else {
    const rows = files.map(({ fileId, size, duration, createTime, fileName }) => {
      const lasts = duration === '0' ? '-' : formatSeconds(Number(duration))
      return [fileId, formatBytes(Number(size)), lasts, isoTime(readChinaTime(createTime)), onOneLine(fileName)]
    })
    process.stdout.write(layOutTable(['FILE', 'SIZE', 'DURATION', 'CREATED', 'NAME'], rows))
  }
  return 0
}

/** A file that comes meanwhile moves the others one further: it is not shown twice. */
async function newest(backend: Backend, limit: number, classId: number | undefined): Promise<FileSetItem[]> {
  const found = new Map<string, FileSetItem>()
  const pageSize = Math.min(100, Math.max(10, limit))
  for (let pageNo = 1; found.size < limit; pageNo++) {
    const page = { orderby: 1, pageNo, pageSize, ...(classId !== undefined && { classId }) } as const
    const { fileSet } = await backend.call('DescribeVodInfo', page)
    for (const file of fileSet) if (found.size < limit) found.set(file.fileId, file)
    if (fileSet.length < pageSize) break
  }
  return [...found.values()]
}

async function info(fileId: string, { json, ...given }: Given): Promise<number> {
  const backend = await openBackend(given)
  const { basicInfo, metaData, transcodeInfo } = await backend.call('GetVideoInfo', { fileId })
  if (json) process.stdout.write(`${JSON.stringify({ fileId, basicInfo, metaData, transcodeInfo })}\n`)
  else if (basicInfo && metaData) {
    const facts = { file: fileId, ...factsOf(basicInfo), ...mediaOf(metaData) }
    for (const [name, value] of Object.entries(facts)) process.stdout.write(`${name.padEnd(12)} ${onOneLine(value)}\n`)
  }
  return 0
}

function factsOf(basic: VideoInfo['basicInfo']): Record<string, string> {
  const { classificationId, classificationName, expireTime } = basic
  return {
    name: basic.name,
    type: basic.type,
    size: `${formatBytes(basic.size)} (${basic.size} bytes)`,
    url: basic.sourceVideoUrl,
    cover: basic.coverUrl || '-',
    class: `${classificationId} ${classificationName}`,
    tags: basic.tags.join(', ') || '-',
    description: basic.description || '-',
    created: isoTime(basic.createTime * 1000),
    changed: isoTime(basic.updateTime * 1000),
    expires: expireTime === -1 ? 'never' : isoTime(expireTime * 1000),
  }
}

/** What is known of the media; nothing while nothing is. */
function mediaOf({ duration, bitrate, width, height, videoStreamList, audioStreamList }: VideoInfo['metaData']) {
  const perS = (bits: number) => `${Math.round(bits / 1000)} kbit/s`
  return {
    ...(duration > 0 && { duration: formatSeconds(duration) }),
    ...(bitrate > 0 && { bitrate: perS(bitrate) }),
    ...(videoStreamList[0] && {
      picture: `${width}×${height} ${videoStreamList[0].codec}, ${videoStreamList[0].fps} fps`,
    }),
    ...(audioStreamList[0] && { sound: `${audioStreamList[0].codec}, ${audioStreamList[0].samplingRate} Hz` }),
  }
}

async function remove(fileIds: readonly string[], { yes, ...given }: Given): Promise<number> {
  if (fileIds.length === 0) throw new Misuse('FILE_ID is missing')
  if (!yes && !process.stdin.isTTY) throw new Misuse('rm needs --yes where nobody can be asked')
  const backend = await openBackend(given)
  if (!yes && !(await confirm(await questionOf(backend, fileIds)))) {
    process.stderr.write('nothing was deleted\n')
    return 1
  }
  let failed = 0
  for (const fileId of fileIds) {
    try {
      await backend.call('DeleteVodFile', { fileId, priority: 0 })
      process.stdout.write(`deleted ${fileId}\n`)
    } catch (error) {
      failed++
      process.stderr.write(`sluice files: ${fileId}: ${(error as Error).message}\n`) // call rejects with nothing else
    }
  }
  return failed === 0 ? 0 : 1
}

/** Files that the service describes in one answer. */
const mostAsked = 100

async function questionOf(backend: Backend, fileIds: readonly string[]): Promise<string> {
  const shown = fileIds.slice(0, mostAsked)
  const { fileSet } = await backend.call('DescribeVodInfo', { fileIds: shown })
  for (const { fileId, size, fileName } of fileSet) {
    process.stderr.write(`  ${fileId}  ${formatBytes(Number(size)).padStart(10)}  ${onOneLine(fileName)}\n`)
  }
  const more = fileIds.length - shown.length
  if (more > 0) process.stderr.write(`  and ${more} more\n`)
  const all = fileSet.length + more
  return `Delete ${all === 1 ? 'it' : `these ${all} files`} for good?`
}

async function open(fileId: string, { print, ...given }: Given): Promise<number> {
  const backend = await openBackend(given)
  const { playSet } = await backend.call('DescribeVodPlayUrls', { fileId })
  const address = playSet[0]?.url
  if (address === undefined || !/^https?:/.test(address)) throw new Error(`${fileId} has no address to play it from`)
  const key = await findHotlinkKey(new URL(address))
  const url = new URL(key === undefined ? address : signPlayUrl(address, { key }))
  if (key === undefined) await requirePlayable(url)
  if (print) process.stdout.write(`${url.href}\n`)
  else await openInBrowser(url)
  return 0
}

/** Throws when the app protects its files and the key is not known here. Any other trouble the browser shows better. */
async function requirePlayable(url: URL): Promise<void> {
  const response = await fetch(url, { method: 'HEAD' }).catch(() => undefined)
  if (response?.status !== 403) return
  throw new Error(
    `the app protects its files: set SLUICE_HOTLINK_KEY to its hotlinkKey, or open it from a page it allows`,
  )
}

function one(fileIds: readonly string[]): string {
  const [fileId, ...more] = fileIds
  if (fileId === undefined) throw new Misuse('FILE_ID is missing')
  if (more[0] !== undefined) throw new Misuse(`unexpected argument '${more[0]}'`)
  return fileId
}

function isoTime(at: number | undefined): string {
  return at === undefined ? '-' : new Date(at).toISOString().replace('.000', '')
}
