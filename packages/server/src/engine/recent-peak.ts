/** How long a peak is remembered at least, in milliseconds; at most twice as long. */
const windowMs = 100

/** Counts what is under way, and remembers how much of it there was at once of late. */
export class RecentPeak {
  #count = 0
  #peak = 0
  #peakBefore = 0
  #windowEnd = 0

  enter(): void {
    this.#turnWindow()
    this.#count++
    this.#peak = Math.max(this.#peak, this.#count)
  }

  leave(): void {
    this.#turnWindow()
    this.#count--
  }

  /** The most there was at once within the last moments, what is there now included. */
  get value(): number {
    this.#turnWindow()
    return Math.max(this.#peak, this.#peakBefore)
  }

  #turnWindow(): void {
    const now = performance.now()
    if (now < this.#windowEnd) return
    this.#peakBefore = now < this.#windowEnd + windowMs ? this.#peak : this.#count
    this.#peak = this.#count
    this.#windowEnd = now + windowMs
  }
}
