/** A place where work waits until it is let through. */
export interface Gate {
  /** Resolves when the first comes to the gate. */
  readonly reached: Promise<void>
  /** What the work calls. */
  pass(): Promise<void>
  open(): void
}

export function gate(): Gate {
  const reached = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  return {
    reached: reached.promise,
    pass() {
      reached.resolve()
      return opened.promise
    },
    open: () => opened.resolve(),
  }
}
