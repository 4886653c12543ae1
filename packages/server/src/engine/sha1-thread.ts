import { Worker } from 'node:worker_threads'
import type { Sha1 } from './sha1.ts'

/** What the thread is asked; `hash` names one of its SHA-1s. Every request but `close` is answered. */
export type Request =
  | { readonly do: 'update'; readonly hash: number; readonly bytes: Uint8Array }
  | { readonly do: 'digest'; readonly hash: number }
  | { readonly do: 'close'; readonly hash: number }

/** The answers come in the order of the requests. */
export interface Answer {
  readonly digest?: string
}

interface Pending {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * A thread that hashes: gigabytes read back after a restart do not get in the way of the parts that arrive meanwhile. It
 * is started when it is first needed, and does not keep the process alive.
 */
export class Sha1Thread {
  #worker: Worker | undefined
  #pending: Pending[] = []
  #hashes = 0

  /** A new SHA-1 on that thread. Its methods reject when the thread dies; a later one gets a new thread. */
  open(): Sha1 {
    const hash = this.#hashes++
    const worker = this.#start()
    return {
      update: async (bytes) => {
        const copy = new Uint8Array(bytes) // not slice(): a Buffer's shares its memory
        await this.#ask(worker, { do: 'update', hash, bytes: copy }, [copy.buffer])
      },
      digest: async () => (await this.#ask(worker, { do: 'digest', hash })).digest ?? '',
      close: () => worker.postMessage({ do: 'close', hash } satisfies Request),
    }
  }

  async close(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./sha1-worker.js', import.meta.url))
    worker.unref()
    worker.on('message', (answer: Answer) => this.#pending.shift()?.resolve(answer))
    worker.on('error', (error) => this.#fail(worker, error))
    worker.on('exit', () => this.#fail(worker, new Error('the hashing thread ended')))
    this.#worker = worker
    return worker
  }

  #ask(worker: Worker, request: Request, transfer: ArrayBuffer[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (worker !== this.#worker) throw new Error('the hashing thread ended')
      this.#pending.push({ resolve, reject })
      worker.postMessage(request, transfer)
    })
  }

  #fail(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return // it failed before, and what is pending now is asked of the next one
    const pending = this.#pending
    this.#pending = []
    this.#worker = undefined
    for (const { reject } of pending) reject(error)
  }
}
