/** How far an upload is, in bytes. No number ever falls; at the end all are `totalBytes`. */
export interface Progress {
  /** Hashed before anything is sent. */
  readonly hashedBytes: number
  /** Given to the transport, or found stored already. */
  readonly sentBytes: number
  /** Stored by the service. */
  readonly acknowledgedBytes: number
  readonly totalBytes: number
}

/** Counts an upload's bytes and reports them. */
export interface ProgressCount {
  hashed(bytes: number): void
  sent(bytes: number): void
  acknowledged(bytes: number): void
  /** The parts are counted from the start again: the service lost some. */
  startOver(): void
  done(): void
  /** All bytes ever acknowledged, also those the service lost; it only grows. */
  acknowledgements(): number
}

/** Starts counting. `onProgress` hears of the start and of every change that does not go backwards. */
export function countProgress(totalBytes: number, onProgress: (progress: Progress) => void): ProgressCount {
  let shown: Progress = { hashedBytes: 0, sentBytes: 0, acknowledgedBytes: 0, totalBytes }
  let hashedBytes = 0
  let sentBytes = 0
  let acknowledgedBytes = 0
  let acknowledgements = 0
  const show = () => {
    const next = {
      hashedBytes: Math.max(shown.hashedBytes, hashedBytes),
      sentBytes: Math.max(shown.sentBytes, sentBytes),
      acknowledgedBytes: Math.max(shown.acknowledgedBytes, acknowledgedBytes),
      totalBytes,
    }
    const same =
      next.hashedBytes === shown.hashedBytes &&
      next.sentBytes === shown.sentBytes &&
      next.acknowledgedBytes === shown.acknowledgedBytes
    if (same) return
    shown = next
    onProgress(shown)
  }
  onProgress(shown)
  return {
    hashed(bytes) {
      hashedBytes += bytes
      show()
    },
    sent(bytes) {
      sentBytes += bytes
      show()
    },
    acknowledged(bytes) {
      acknowledgedBytes += bytes
      acknowledgements += bytes
      show()
    },
    startOver() {
      sentBytes = 0
      acknowledgedBytes = 0
    },
    done() {
      hashedBytes = sentBytes = acknowledgedBytes = totalBytes
      show()
    },
    acknowledgements: () => acknowledgements,
  }
}
