import type { FileHash, HashRun } from '../hashing.ts'
import type { Ask, Tell } from './worker-messages.ts'

type Question = Ask extends infer A ? (A extends { id: number } ? Omit<A, 'id'> : never) : never

/** A worker that answers. */
export interface HashWorker {
  hashFile(file: Blob, run: HashRun): Promise<FileHash>
  md5(part: Blob | Uint8Array): Promise<string>
  close(): void
}

interface Waiting {
  readonly run?: HashRun
  resolve(answer: FileHash | string): void
  reject(error: unknown): void
}

/** Starts a worker; undefined when it does not come to run, as under a content security policy that forbids it. */
export async function startWorker(url: string | URL): Promise<HashWorker | undefined> {
  let worker: Worker
  try {
    worker = new Worker(url)
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve()
      worker.onerror = reject
    })
  } catch {
    return undefined
  }
  return talkTo(worker)
}

function talkTo(worker: Worker): HashWorker {
  const waiting = new Map<number, Waiting>()
  let lastId = 0

  worker.onmessage = ({ data }: MessageEvent<Tell>) => {
    if ('ready' in data) return
    const { run, resolve, reject } = waiting.get(data.id) ?? {}
    if ('hashed' in data) return run?.onHashed(data.hashed)
    if ('saved' in data) return run?.onSave?.(data.saved)
    waiting.delete(data.id)
    if ('answer' in data) resolve?.(data.answer)
    else reject?.(new Error(data.error))
  }
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message))
    waiting.clear()
  }

  const ask = (question: Question, run?: HashRun) =>
    new Promise<FileHash | string>((resolve, reject) => {
      const id = ++lastId
      const stop = () => {
        waiting.delete(id)
        worker.postMessage({ id, stop: true })
        reject(run?.signal.reason)
      }
      const end = () => run?.signal.removeEventListener('abort', stop)
      waiting.set(id, {
        ...(run && { run }),
        resolve: (answer) => {
          end()
          resolve(answer)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      })
      run?.signal.addEventListener('abort', stop, { once: true })
      worker.postMessage({ id, ...question })
    })

  return {
    hashFile: (file, run) => ask({ file, pieceBytes: run.pieceBytes, from: run.from }, run) as Promise<FileHash>,
    md5: (part) => ask({ part }) as Promise<string>,
    close: () => worker.terminate(),
  }
}
