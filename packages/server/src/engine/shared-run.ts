/** Lets callers that ask for the same thing while it is under way share one run and its outcome. */
export class SharedRun<T> {
  readonly #running = new Map<string, Promise<T>>()

  run(key: string, work: () => Promise<T>): Promise<T> {
    const shared = this.#running.get(key)
    if (shared) return shared
    const mine = work().finally(() => this.#running.delete(key))
    this.#running.set(key, mine)
    return mine
  }
}
