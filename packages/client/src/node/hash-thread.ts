import { Worker } from 'node:worker_threads'
import type { PieceHash } from '../hash-pieces.ts'
import { UploadError } from '../upload-error.ts'
import { hashJobs } from './hash-jobs.ts'
import { threadCode } from './thread-code.ts'
import type { Ask, Bytes, Job, Tell } from './thread-messages.ts'

/** A job, done; the bytes are the caller's again. */
export interface DoneJob {
  readonly hash: PieceHash
  readonly bytes: Bytes
}

/** Where jobs are done. */
export interface HashThread {
  /** The memory of the bytes is taken along. Rejects when the thread ends: what it had is lost. */
  hash(job: Job): Promise<DoneJob>
  /** Frees what is kept of a run; needless after its last piece. */
  forget(run: number): void
}

interface Waiting {
  resolve(done: DoneJob): void
  reject(error: unknown): void
}

/**
 * Starts a thread, which keeps the process alive only while something is awaited of it; undefined when it does not come to
 * run, as without the permission to. `onEnd` hears when it ends all the same.
 */
export async function startThread(onEnd: () => void): Promise<HashThread | undefined> {
  let worker: Worker
  try {
    const isText = typeof threadCode === 'string'
    // Flags and NODE_OPTIONS are not for it: what they load beforehand would be loaded in each thread, and may not run there.
    worker = new Worker(threadCode, { eval: isText, execArgv: [], env: {}, name: 'sluice hashing' })
  } catch {
    return undefined
  }
  const isReady = await new Promise((resolve) => {
    worker.once('message', () => resolve(true))
    worker.once('error', () => resolve(false))
    worker.once('exit', () => resolve(false))
  })
  return isReady ? talkTo(worker, onEnd) : undefined
}

function talkTo(worker: Worker, onEnd: () => void): HashThread {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let ended: UploadError | undefined

  const end = (cause: Error) => {
    if (ended) return
    ended = notHashed(cause)
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
    onEnd()
  }
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', () => end(new Error('the hashing thread ended')))
  worker.on('message', (told: Tell) => {
    if ('ready' in told) return
    const { resolve, reject } = waiting.get(told.id) ?? {}
    waiting.delete(told.id)
    if (waiting.size === 0) worker.unref()
    if ('error' in told) reject?.(notHashed(new Error(told.error)))
    else resolve?.(told)
  })
  worker.unref()

  const ask = (message: Ask, memory: ArrayBuffer[] = []) => worker.postMessage(message, memory)
  return {
    hash: (job) =>
      new Promise((resolve, reject) => {
        if (ended) throw ended
        const id = ++lastId
        ask({ id, job }, [job.bytes.buffer])
        waiting.set(id, { resolve, reject })
        worker.ref()
      }),
    forget: (forget) => ask({ forget }),
  }
}

function notHashed(cause: Error): UploadError {
  return UploadError.local('source', `the file cannot be hashed: ${cause.message}; try again`, { canRetry: 1, cause })
}

/** The same on the thread it is called on, for want of another: between two jobs everything else has its turn. */
export function hashHere(): HashThread {
  const jobs = hashJobs()
  let last: Promise<unknown> = Promise.resolve()
  return {
    hash(job) {
      const done = last
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(async () => ({ hash: await jobs.hash(job), bytes: job.bytes }))
      last = done.catch(() => {})
      return done
    },
    forget: jobs.forget,
  }
}
