/** First in, first out; items may also leave from anywhere, by ceasing to be live. */
export class Queue<Item> {
  readonly #isLive: (item: Item) => boolean
  #items: Item[] = []
  #head = 0

  constructor(isLive: (item: Item) => boolean) {
    this.#isLive = isLive
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** Up to `count` live items, oldest first. They stay. */
  first(count: number): Item[] {
    this.#forgetDead()
    const found: Item[] = []
    for (let at = this.#head; at < this.#items.length && found.length < count; at++) {
      const item = this.#items[at] as Item
      if (this.#isLive(item)) found.push(item)
    }
    return found
  }

  /** Lets go of those at the front; moves the others up only when most are gone, so that a long queue stays cheap. */
  #forgetDead(): void {
    while (this.#head < this.#items.length && !this.#isLive(this.#items[this.#head] as Item)) this.#head++
    if (this.#head <= this.#items.length / 2) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
