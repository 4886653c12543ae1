import { createHash, type Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { freeChunk } from './free-chunk.ts'
import type { Answer, Request } from './sha1-thread.ts'

/** The other end of Sha1Thread: runs as a worker thread. */
const hashes = new Map<number, Hash>()

parentPort?.on('message', (request: Request) => {
  if (request.do === 'close') {
    hashes.delete(request.hash)
    return
  }
  const hash = hashes.get(request.hash) ?? createHash('sha1')
  hashes.set(request.hash, hash)
  if (request.do === 'update') {
    hash.update(request.bytes)
    freeChunk(request.bytes) // it is this thread's own copy
  }
  const answer: Answer = request.do === 'digest' ? { digest: hash.copy().digest('hex') } : {}
  parentPort?.postMessage(answer)
})
