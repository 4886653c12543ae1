/**
 * Turns an expensive commit into a shared one: what arrives while a commit runs goes together into the next. A lone item
 * waits for nothing but the end of the current turn of the event loop.
 *
 * `commit` gets the items in order of arrival and returns one result for each; an Error among them rejects that item
 * alone, a throw rejects all of the group.
 */
export function groupCommit<Item, Result>(
  commit: (items: Item[]) => Promise<(Result | Error)[]>,
  maxGroup = 1024,
): (item: Item) => Promise<Result> {
  type Waiting = { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }
  let waiting: Waiting[] = []
  let running = false

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting.slice(0, maxGroup)
      waiting = waiting.slice(maxGroup)
      try {
        const results = await commit(group.map((one) => one.item))
        for (const [index, one] of group.entries()) {
          const result = results[index] as Result | Error
          if (result instanceof Error) one.reject(result)
          else one.resolve(result)
        }
      } catch (error) {
        for (const one of group) one.reject(error)
      }
    }
    running = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (running) return
      running = true
      setImmediate(run)
    })
}
