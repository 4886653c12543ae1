/** Addresses remembered in all; past it the play address that was first seen longest ago is counted anew. */
const maxRemembered = 100_000

/** Counts the distinct client addresses of each play address, in memory: a restart begins anew. */
export class ViewerCounts {
  readonly #viewers = new Map<string, Set<string>>()
  #remembered = 0

  /** Whether this client is among the first `most` of that play address. */
  admit(sign: string, client: string, most: number): boolean {
    const viewers = this.#viewers.get(sign) ?? new Set()
    if (viewers.has(client)) return true
    if (viewers.size >= most) return false
    viewers.add(client)
    this.#viewers.set(sign, viewers)
    this.#remembered++
    if (this.#remembered > maxRemembered) this.#forgetOldest()
    return true
  }

  #forgetOldest(): void {
    for (const [sign, viewers] of this.#viewers) {
      this.#viewers.delete(sign)
      this.#remembered -= viewers.size
      return
    }
  }
}
