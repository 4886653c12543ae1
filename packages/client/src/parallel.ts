/**
 * Works on items in order, as many at a time as `width` says when the next one could begin. The first failure aborts the
 * others and is what it rejects with, once all have come to rest.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  { width, signal }: { readonly width: () => number; readonly signal: AbortSignal },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const stopped = AbortSignal.any([signal, stop.signal])
  const running = new Set<Promise<void>>()
  const start = (item: T) => {
    const job = work(item, stopped)
      .catch((error) => stop.abort(error))
      .finally(() => running.delete(job))
    running.add(job)
  }
  for (const item of items) {
    while (running.size >= width()) await Promise.race(running)
    if (stopped.aborted) break
    start(item)
  }
  await Promise.all(running)
  stopped.throwIfAborted()
}
