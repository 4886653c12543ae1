import { UploadError } from '@sluice/client'
import { formatBytes, formatSeconds } from './quantities.ts'
import { onOneLine } from './text-width.ts'
import type { Listener } from './upload-all.ts'
import { displayUploads, noDisplay } from './upload-display.ts'
import { acknowledgedBytes, type UploadCount } from './upload-overview.ts'

/** Tells of the uploads of a command: what is stored on standard output, all else on standard error. */
export interface UploadReport extends Listener {
  /** Something went wrong that is not one file's. */
  complain(message: string): void
  /** All is over, after so many milliseconds. */
  end(ms: number): void
  /** It is to stop: nothing is shown on its way any more. Can be repeated. */
  close(): void
}

/** How it is told. */
export interface ReportStyle {
  /** An object for each file, in the place of its address. */
  readonly json: boolean
  /** Nothing on standard error but what went wrong. */
  readonly quiet: boolean
}

export function reportUploads(count: UploadCount, { json, quiet }: ReportStyle): UploadReport {
  const { stdout, stderr } = process
  const display = quiet ? noDisplay() : displayUploads(stderr, count)
  const single = count.files === 1
  const say = (text: string) => {
    if (!quiet) display.print(stderr, `${text}\n`)
  }
  const complain = (message: string) => display.print(stderr, `sluice upload: ${onOneLine(message)}\n`)
  return {
    complain,
    onStored(file) {
      const { url, instant, bytes, seconds } = file
      const path = onOneLine(file.file)
      // On a terminal the addresses tell as much.
      if (single || !stderr.isTTY) {
        const how = instant ? 'was stored already' : `stored in ${formatSeconds(seconds)}`
        say(`${path}: ${formatBytes(bytes)} ${how}`)
      }
      const shown = json ? JSON.stringify(file) : single ? url : `${url}  ${path}`
      display.print(stdout, `${shown}\n`)
    },
    onFailed(path, cause) {
      const { message } = cause as Error // what is thrown for a file is nothing else
      complain(message.startsWith(`${path} `) ? message : `${path}: ${message}`)
      if (!json) return
      const { code, stored } = cause instanceof UploadError ? cause : { code: 'source', stored: undefined }
      const video = stored && { fileId: stored.fileId, url: stored.url }
      display.print(stdout, `${JSON.stringify({ file: path, ...video, error: { code, message } })}\n`)
    },
    end(ms) {
      display.close()
      if (!single) say(summarize(count, ms))
    },
    close: () => display.close(),
  }
}

function summarize({ files, stored, instant, failed, storedBytes }: UploadCount, ms: number): string {
  const sentence = [`${stored} of ${files} files stored, ${formatBytes(storedBytes)} in ${formatSeconds(ms / 1000)}`]
  if (instant > 0) sentence.push(`${instant} of them already`)
  if (failed > 0) sentence.push(`${failed} failed`)
  return sentence.join('; ')
}

/** What is said of uploads that were stopped. */
export function describeStopped(count: UploadCount): string {
  const bytes = acknowledgedBytes(count)
  const far = `${count.stored} of ${count.files} files stored, ${formatBytes(bytes)} with the service`
  return `stopped: ${far}; run the same command again to go on`
}
