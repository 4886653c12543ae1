/** How long an answer of the store is believed: a rotated key, a disabled app or another setting counts that much later. */
const believedMs = 2_000

/** Answers remembered; the oldest go first. */
const maxRemembered = 10_000

/** Answers of the store by key, each asked for at most every two seconds. */
export class Believed<Key, Value> {
  readonly #look: (key: Key) => Promise<Value>
  readonly #known = new Map<Key, { readonly answer: Promise<Value>; readonly until: number }>()

  constructor(look: (key: Key) => Promise<Value>) {
    this.#look = look
  }

  get(key: Key): Promise<Value> {
    const now = performance.now()
    const known = this.#known.get(key)
    if (known && now < known.until) return known.answer
    const answer = this.#look(key)
    this.#known.delete(key)
    this.#known.set(key, { answer, until: now + believedMs })
    const [oldest] = this.#known.keys()
    if (this.#known.size > maxRemembered && oldest !== undefined) this.#known.delete(oldest)
    answer.catch(() => this.#known.delete(key)) // what is not there now may be made any moment
    return answer
  }
}
