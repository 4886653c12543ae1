import { openDigests } from '../digests/digests.ts'
import { hashBlob, hashPart } from '../hash-pieces.ts'
import type { HashWorker } from './hash-worker.ts'

/** How long the page is kept from other things at a time. */
const stretchMs = 8

/** The same on the page itself, for want of a worker: one thing after the other, and now and then others have their turn. */
export function hashOnPage(): HashWorker {
  const opened = openDigests()
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
  return {
    hashFile: (file, run) => inTurn(async () => hashBlob(await opened, file, run, politely())),
    md5: (part) => inTurn(async () => hashPart(await opened, part, politely())),
    close() {},
  }
}

function politely(): () => Promise<void> {
  let since = performance.now()
  return async () => {
    if (performance.now() - since < stretchMs) return
    await new Promise((resolve) => setTimeout(resolve))
    since = performance.now()
  }
}
