import { randomBytes } from 'node:crypto'

const start = randomBytes(4).toString('hex')
let count = 0

/** Names a request in the log and in its answer: the process by chance, then the requests in turn; 16 hex digits. */
export function nextRequestId(): string {
  count = (count + 1) >>> 0
  return start + count.toString(16).padStart(8, '0')
}
