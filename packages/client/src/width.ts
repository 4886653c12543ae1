/** A part should not take longer: what is under way is lost when the connection is. */
const slowMs = 10_000
/** Below this there is room for one more. */
const fastMs = 5_000

/** How many parts are under way at a time, by what the link bears. */
export interface Width {
  now(): number
  /** A part came through in so many milliseconds. */
  stored(ms: number): void
  /** No answer came. */
  failed(): void
}

/** Begins with two. One more for every part that is fast, one fewer for every slow one, half when no answer came. */
export function adaptWidth(most: number): Width {
  let width = Math.min(2, most)
  return {
    now: () => width,
    stored(ms) {
      if (ms > slowMs) width = Math.max(1, width - 1)
      else if (ms < fastMs) width = Math.min(most, width + 1)
    },
    failed() {
      width = Math.max(1, Math.floor(width / 2))
    },
  }
}
