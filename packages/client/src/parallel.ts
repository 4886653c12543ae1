/**
 * Works on items, `width` at a time, taking the next in order when one is done. The first failure aborts the others and
 * is what it rejects with, once all have come to rest.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  { width, signal }: { readonly width: number; readonly signal: AbortSignal },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const worker = async () => {
    try {
      for (let next = queue.next(); !next.done; next = queue.next()) {
        stopped.throwIfAborted()
        await work(next.value, stopped)
      }
    } catch (error) {
      stop.abort(error)
    }
  }
  await Promise.all(Array.from({ length: width }, worker))
  stopped.throwIfAborted()
}
