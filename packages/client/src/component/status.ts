import { type Progress, UploadError } from '../shared-entry.ts'
import type { Refusal } from './admission.ts'
import type { Language } from './texts.ts'
import type { Item } from './upload-list.ts'

/** What a row says of its file. */
export interface Status {
  readonly text: string
  /** What changes fast, beside it: rate and time left. */
  readonly aside: string
  readonly tone: 'plain' | 'good' | 'bad'
}

/** What limits the files, for the texts that name it. */
export interface StatusLimits {
  readonly maxSize: number
  readonly maxFiles: number
}

/** How an item stands, in words. */
export function statusOf(item: Item, language: Language, limits: StatusLimits): Status {
  const { say, bytes } = language
  const { state, progress, result, file } = item
  const total = bytes(file.size)
  const plain = (text: string, aside = ''): Status => ({ text, aside, tone: 'plain' })
  const bad = (text: string): Status => ({ text, aside: '', tone: 'bad' })
  switch (state.is) {
    case 'waiting':
      return plain(say('waiting', { total }))
    case 'running':
      return progress ? runningStatus(progress, language) : plain(say('preparing', { total }))
    case 'paused':
      if (!progress) return plain(say('ready', { total }))
      return plain(say('paused', { percent: language.percent(shareStored(progress)), total }))
    case 'failed':
      return bad(failureText(state.error, language))
    case 'refused':
      return bad(refusalText(state.reason, language, limits))
    case 'done':
      return { text: say(result?.instant ? 'instant' : 'uploaded', { total }), aside: '', tone: 'good' }
  }
}

function runningStatus(progress: Progress, { say, bytes, rate, percent, duration }: Language): Status {
  const { hashedBytes, sentBytes, acknowledgedBytes, totalBytes, bytesPerS, waitingFor } = progress
  const plain = (text: string, aside = ''): Status => ({ text, aside, tone: 'plain' })
  if (waitingFor === 'network') return plain(say('offline'))
  if (waitingFor === 'tab') return plain(say('otherTab'))
  if (hashedBytes === 0) return plain(say('preparing', { total: bytes(totalBytes) }))
  if (hashedBytes < totalBytes) return plain(say('hashing', { percent: percent(hashedBytes / totalBytes) }))
  if (acknowledgedBytes === totalBytes) return plain(say('finishing'))
  // By what is sent, not by what is acknowledged: that comes part by part, and the time would stand still between.
  const leftMs = ((totalBytes - sentBytes) / bytesPerS) * 1000
  const aside = bytesPerS === 0 ? [] : [rate(bytesPerS), say('left', { time: duration(leftMs) })]
  // All of it may be given to the network before it is stored: it is done only when it is.
  const share = Math.min(0.99, sentBytes / totalBytes)
  return plain(
    say('sending', { percent: percent(share), sent: bytes(sentBytes, 'steady'), total: bytes(totalBytes) }),
    aside.join(' · '),
  )
}

/** How much is stored, 0 to 1. */
function shareStored({ acknowledgedBytes, totalBytes }: Progress): number {
  return acknowledgedBytes / totalBytes
}

function refusalText(reason: Refusal, { say, bytes }: Language, limits: StatusLimits): string {
  if (reason === 'type') return say('refusedType')
  if (reason === 'empty') return say('refusedEmpty')
  if (reason === 'size') return say('refusedSize', { size: bytes(limits.maxSize) })
  return say('refusedCount', { count: limits.maxFiles })
}

/** What went wrong, for the user of a page. What developers need is in the error, which the event has. */
function failureText(error: unknown, { say }: Language): string {
  const reason = error instanceof Error ? error.message : String(error)
  if (!(error instanceof UploadError)) return say('failedArgument', { reason })
  if (error.stored) return say('failedCover')
  switch (error.code) {
    case 'network':
      return say('failedNetwork')
    case 'source':
      return say('failedSource')
    case 'changed':
      return say('failedChanged')
    case 'signature':
      return say('failedSignature', { reason: error.cause instanceof Error ? error.cause.message : reason })
    case 'argument':
      return say('failedArgument', { reason })
    default:
      return say('failedService', { code: error.code })
  }
}
