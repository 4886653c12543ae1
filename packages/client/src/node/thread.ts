/** The other end of HashThread: runs as a worker thread. */
import { parentPort } from 'node:worker_threads'
import { hashJobs } from './hash-jobs.ts'
import type { Ask, Tell } from './thread-messages.ts'

const jobs = hashJobs()
const tell = (message: Tell, memory: ArrayBuffer[] = []) => parentPort?.postMessage(message, memory)

parentPort?.on('message', (ask: Ask) => {
  if ('forget' in ask) return jobs.forget(ask.forget)
  const { id, job } = ask
  jobs.hash(job).then(
    (hash) => tell({ id, hash, bytes: job.bytes }, [job.bytes.buffer]),
    (error) => tell({ id, error: error instanceof Error ? error.message : String(error) }),
  )
})
tell({ ready: true })
