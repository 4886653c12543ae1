// JavaScript, not TypeScript: a thread that has to strip types first takes 37 MiB, this one 20.
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

/** The other end of Sha1Thread: runs as a worker thread. Takes its `Request`s and posts its `Answer`s. */
const hashes = new Map()

parentPort?.on('message', (request) => {
  if (request.do === 'close') {
    hashes.delete(request.hash)
    return
  }
  const hash = hashes.get(request.hash) ?? createHash('sha1')
  hashes.set(request.hash, hash)
  if (request.do === 'update') {
    hash.update(request.bytes)
    request.bytes.buffer.transfer(0) // freed at once: it is this thread's own copy
  }
  parentPort?.postMessage(request.do === 'digest' ? { digest: hash.copy().digest('hex') } : {})
})
