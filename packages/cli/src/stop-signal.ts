/**
 * Tells of the SIGINT or SIGTERM that asks a command to stop, and with which code it is to exit. Another one ends the process
 * at once, unless it follows within a second: that is the same one, sent both to this process and by the launcher above it.
 */
export function onStopSignal(listener: (exitCode: number) => void): void {
  let askedAt: number | undefined
  const hear = (exitCode: number) => () => {
    if (askedAt === undefined) {
      askedAt = performance.now()
      listener(exitCode)
    } else if (performance.now() - askedAt > 1_000) process.exit(exitCode)
  }
  process.on('SIGINT', hear(130)).on('SIGTERM', hear(143))
}
