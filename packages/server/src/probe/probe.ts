import { Worker } from 'node:worker_threads'
import type { Media } from '../metadata/metadata.ts'

/** What is probed: so many bytes, of which any can be read. */
export interface ProbeSource {
  readonly size: number
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>
}

export interface ProbeLimits {
  readonly timeMs: number
  /** Bytes read in all. */
  readonly maxRead: number
  /** Bytes of the parser's memory. */
  readonly maxMemory: number
}

/** Far more than files need that were made by programs of this world: 600 s of fragmented mp4 take 14 MiB and 20 ms. */
export const probeLimits: ProbeLimits = { timeMs: 30_000, maxRead: 256 * 2 ** 20, maxMemory: 128 * 2 ** 20 }

/** What the thread is started with. */
export interface ToWorker {
  readonly size: number
  readonly maxMemory: number
}

/** A request for bytes, or the end. */
export type FromWorker = { readonly offset: number; readonly length: number } | { readonly media: Media | undefined }

/**
 * Looks at a file in a thread of its own. Resolves to `undefined` when the parser does not understand it, fails, or goes
 * past a limit; rejects when the bytes cannot be read, and when the signal aborts.
 */
export function probe(
  { size, read }: ProbeSource,
  signal: AbortSignal,
  { timeMs, maxRead, maxMemory }: ProbeLimits = probeLimits,
): Promise<Media | undefined> {
  const worker = new Worker(new URL('./probe-worker.ts', import.meta.url), {
    workerData: { size, maxMemory } satisfies ToWorker,
    env: {}, // keys stand in ours
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
  })
  worker.unref()
  return new Promise<Media | undefined>((resolve, reject) => {
    const giveUp = () => resolve(undefined)
    const timer = setTimeout(giveUp, timeMs)
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    let left = maxRead
    worker.on('message', (message: FromWorker) => {
      if ('media' in message) return resolve(message.media)
      left -= message.length
      if (left < 0) return giveUp()
      read(message.offset, message.length).then((bytes) => worker.postMessage(bytes, [bytes.buffer]), reject)
    })
    worker.on('error', giveUp)
    worker.on('exit', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      giveUp()
    })
  }).finally(() => worker.terminate())
}
