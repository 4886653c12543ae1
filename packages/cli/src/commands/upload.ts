import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileStore, UploadError } from '@sluice/client'
import { errorTable, limits } from '@sluice/protocol'
import { collectFiles, type Found } from '../collect-files.ts'
import { type Arguments, defineCommand, Misuse } from '../command.ts'
import { requireNames } from '../file-names.ts'
import { credentialsNotes, findService, serviceOptions } from '../find-service.ts'
import { parseWhole } from '../quantities.ts'
import { onStopSignal } from '../stop-signal.ts'
import { uploadAll } from '../upload-all.ts'
import type { UploadPlan } from '../upload-file.ts'
import { countUploads } from '../upload-overview.ts'
import { describeStopped, type ReportStyle, reportUploads } from '../upload-report.ts'

const options = {
  name: { value: 'NAME', text: 'the name to store it under (default the file name, without extension)' },
  cover: { value: 'IMAGE', text: 'an image that is to be its cover, for one file' },
  class: { value: 'ID', text: 'the class of the files (default 0)' },
  tag: { value: 'TAG', many: true, text: 'a tag; can be given up to ten times' },
  transcode: { text: 'ask for transcoding' },
  screenshot: { text: 'ask for screenshots' },
  watermark: { text: 'ask for a watermark' },
  include: {
    value: 'GLOB',
    many: true,
    text: 'in folders, these files (default video and sound by extension)',
    group: 'Folders',
  },
  exclude: { value: 'GLOB', many: true, text: 'in folders, not these', group: 'Folders' },
  ...serviceOptions,
  family: {
    value: 'server|ugc',
    text: 'sign every request, or make one signature per file (default server)',
    group: 'Service',
  },
  parallel: { value: 'N', text: 'parts sent at a time, over all files (default 6)', group: 'Service' },
  quiet: { short: 'q', text: 'no progress: say on standard error only what went wrong', group: 'Output' },
  json: { text: 'print one JSON object a file', group: 'Output' },
} as const

export const command = defineCommand({
  summary: 'Upload videos.',
  usage: 'FILE|FOLDER… [options]',
  options,
  examples: [
    ['upload holiday.mp4', 'prints its address'],
    ['upload season-1 bonus.mkv --tag sea', 'a folder and a file'],
    ["upload season-1 --include '*.mkv'", 'only these of the folder'],
    ['upload holiday.mp4 --cover poster.jpg', 'with an image as its cover'],
    ['upload season-1 --json -q > done.jsonl', 'for a program'],
  ],
  notes: `Prints the address of each file, with its path behind it when there are several. In a folder, at any depth, the files
that look like video or sound by their extension are uploaded; hidden ones, empty ones and symbolic links are not.

Ctrl-C stops. Running the same command again goes on: what the service has is not sent again, and files of 32 MiB and
more are not even hashed again while their name, size and time of change stay (hashes are in $XDG_CACHE_HOME/sluice or
~/.cache/sluice).

Exit codes: 0 all files are stored, 1 some are not, 2 misuse, 130 and 143 stopped by Ctrl-C or SIGTERM.

--json prints {"file", "fileId", "url", "instant", "bytes", "seconds", "coverUrl"}, or {"file", "error": {"code", "message"}}.

${credentialsNotes}`,

  async run({ positionals: paths, values }) {
    const plan = readPlan(paths, values)
    const { url, credentials, credentialsFrom } = await findService(values)
    const found = await collectFiles(paths, values)
    if (found.files.length > 1) requireOneFile(values)
    tellSkipped(found, values.quiet)
    if (found.files.length === 0 && found.failed.length === 0) throw new Error('there is nothing to upload')
    return uploadFound({ ...plan, url, credentials }, found, { ...values, credentialsFrom })
  },
})

type Values = Arguments<typeof options>['values']

function readPlan(paths: readonly string[], values: Values): Omit<UploadPlan, 'url' | 'credentials'> {
  if (paths.length === 0) throw new Misuse('no file given')
  if (paths.length > 1) requireOneFile(values)
  if (values.tag.length > limits.maxTags) throw new Misuse(`--tag can be given ${limits.maxTags} times`)
  requireNames({ name: values.name })
  return {
    family: readFamily(values.family ?? 'server'),
    parallel: parseWhole('--parallel', values.parallel ?? '6', 1, 100),
    name: values.name,
    cover: values.cover,
    facts: {
      classId: parseWhole('--class', values.class ?? '0', 0, Number.MAX_SAFE_INTEGER),
      tags: values.tag,
      transcode: values.transcode,
      screenshot: values.screenshot,
      watermark: values.watermark,
    },
  }
}

async function uploadFound(
  plan: UploadPlan,
  { files, failed }: Found,
  { credentialsFrom, ...style }: ReportStyle & { readonly credentialsFrom: string },
): Promise<number> {
  // A reader that left early does not make it a success.
  process.stdout.prependListener('error', () => process.exit(1))
  const startedAt = performance.now()
  const count = countUploads(files)
  const report = reportUploads(count, style)
  for (const { path, error } of failed) report.onFailed(path, error)
  const stopping = new AbortController()
  const stopped: { exitCode?: number } = {}
  onStopSignal((exitCode) => {
    stopped.exitCode = exitCode
    report.close()
    stopping.abort(new Error('stopped'))
  })
  const { signal } = stopping
  const error = await uploadAll({ files, plan, count, resumeStore: fileStore(cacheDirectory()), signal }, report)
  report.close()
  if (stopped.exitCode !== undefined) {
    report.complain(describeStopped(count))
    return stopped.exitCode
  }
  report.end(performance.now() - startedAt)
  if (error instanceof UploadError && error.code === errorTable.signature.code) {
    report.complain(`the credentials are from ${credentialsFrom}`)
  }
  if (error !== undefined && count.stored + count.failed < files.length) {
    report.complain('the other files would fail alike and were not tried')
  }
  return count.stored === files.length && failed.length === 0 ? 0 : 1
}

function requireOneFile({ name, cover }: Values): void {
  if (name !== undefined) throw new Misuse('--name is for one file')
  if (cover !== undefined) throw new Misuse('--cover is for one file')
}

function tellSkipped({ skipped }: Found, quiet: boolean): void {
  const kinds = Array.from(skipped, ([reason, files]) => `${reason} ${files}`)
  if (kinds.length > 0 && !quiet) process.stderr.write(`skipped in folders: ${kinds.join(', ')}\n`)
}

function cacheDirectory(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice', 'hashes')
}

function readFamily(text: string): 'server' | 'ugc' {
  if (text === 'server' || text === 'ugc') return text
  throw new Misuse(`--family must be server or ugc, not '${text}'`)
}
