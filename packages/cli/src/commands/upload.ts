import { httpTransport } from '@sluice/client'
import { limits } from '@sluice/protocol'
import { defineCommand, Misuse } from '../command.ts'
import { requireNames } from '../file-names.ts'
import { credentialsNotes, findService, serviceOptions } from '../find-service.ts'
import { parseWhole } from '../quantities.ts'
import { type UploadedFile, type UploadPlan, uploadFile } from '../upload-file.ts'

export const command = defineCommand({
  summary: 'Upload videos.',
  usage: 'FILE… [options]',
  options: {
    ...serviceOptions,
    family: { value: 'server|ugc', text: 'sign every request, or make one signature per file (default server)' },
    name: { value: 'NAME', text: 'the name to store it under (default the file name, without extension)' },
    class: { value: 'ID', text: 'the class of the file (default 0)' },
    tag: { value: 'TAG', many: true, text: 'a tag; can be given up to ten times' },
    parallel: { value: 'N', text: 'parts sent at a time (default 6)' },
    json: { text: 'print {"file", "fileId", "url", "instant", "bytes", "seconds"} for each file instead of its url' },
  },
  notes: `${credentialsNotes}
An upload that was stopped goes on where it stopped when the same command is run again.`,

  async run({ positionals: paths, values }) {
    if (paths.length === 0) throw new Misuse('no file given')
    if (values.name !== undefined && paths.length > 1) throw new Misuse('--name is for one file')
    if (values.tag.length > limits.maxTags) throw new Misuse(`--tag can be given ${limits.maxTags} times`)
    requireNames({ name: values.name })
    const plan: Omit<UploadPlan, 'url' | 'credentials'> = {
      transport: httpTransport(),
      family: readFamily(values.family ?? 'server'),
      parallel: parseWhole('--parallel', values.parallel ?? '6', 1, 100),
      classId: parseWhole('--class', values.class ?? '0', 0, Number.MAX_SAFE_INTEGER),
      tags: values.tag,
      name: values.name,
    }
    const { url, credentials } = await findService(values)
    return uploadAll(paths, { ...plan, url, credentials }, values.json ? printJson : printUrl)
  },
})

/** Uploads one file after the other. One that fails does not keep the next from being tried; Ctrl-C does. */
async function uploadAll(
  paths: readonly string[],
  plan: UploadPlan,
  print: (file: UploadedFile) => string,
): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = () => interrupted.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt) // a second one ends the process at once
  let failed = 0
  for (const path of paths) {
    try {
      const file = await uploadFile(path, plan, { display: process.stderr, signal: interrupted.signal })
      process.stdout.write(`${print(file)}\n`)
    } catch (error) {
      if (interrupted.signal.aborted) {
        process.stderr.write('sluice upload: stopped; the same command goes on where this one stopped\n')
        return 1
      }
      failed++
      process.stderr.write(`sluice upload: ${error instanceof Error ? error.message : error}\n`)
    }
  }
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  return failed > 0 ? 1 : 0
}

function readFamily(text: string): 'server' | 'ugc' {
  if (text === 'server' || text === 'ugc') return text
  throw new Misuse(`--family must be server or ugc, not '${text}'`)
}

function printJson(file: UploadedFile): string {
  return JSON.stringify(file)
}

function printUrl({ url }: UploadedFile): string {
  return url
}
