import type { Progress, UploadResult } from '../shared-entry.ts'
import type { Refusal } from './admission.ts'

export type ItemState =
  /** Its turn has not come. */
  | { readonly is: 'waiting' }
  | { readonly is: 'running' }
  /** By the user; or not started yet, if it has no progress. */
  | { readonly is: 'paused' }
  | { readonly is: 'failed'; readonly error: unknown }
  /** It was never taken. */
  | { readonly is: 'refused'; readonly reason: Refusal }
  | { readonly is: 'done' }

/** A file of the list as it is now: every change makes another object. */
export interface Item {
  readonly id: number
  readonly file: File
  readonly cover: File | undefined
  readonly state: ItemState
  /** What was told last; undefined before anything was. */
  readonly progress: Progress | undefined
  /** Once it is uploaded; also while a cover is added to it. */
  readonly result: UploadResult | undefined
}

/** What an upload is given beside its item. */
export interface Run {
  readonly signal: AbortSignal
  onProgress(progress: Progress): void
}

export interface UploadListOptions {
  upload(item: Item, run: Run): Promise<UploadResult>
  /** Hears of every change: of a new item, which was not before, and of one that is removed, which is no more. */
  onChange(now: Item | undefined, before: Item | undefined): void
  /** The most files under way at a time, at least 1. */
  parallelFiles(): number
}

/** Files and what becomes of them. Without `id` a method means all items that it makes sense for. */
export interface UploadList {
  items(): readonly Item[]
  /** Adds a file, which is uploaded when its turn comes, or only once it is started. */
  add(file: File, how: { readonly start: boolean }): void
  /** Adds a file that is not taken, with the reason. */
  refuse(file: File, reason: Refusal): void
  /** Starts, goes on, or tries again. */
  start(id?: number): void
  pause(id?: number): void
  remove(id: number): void
  /** Also of a file that is uploaded, or on its way: it is called again, and what is stored is not sent again. */
  setCover(id: number, cover: File): void
  /** Stops everything, until it wakes. */
  suspend(): void
  wake(): void
}

export function openUploadList({ upload, onChange, parallelFiles }: UploadListOptions): UploadList {
  const items = new Map<number, Item>()
  /** Also what was paused or removed and has not come to rest: until then it has its place. */
  const running = new Map<number, AbortController>()
  let lastId = 0
  let suspended = false

  function put(item: Item): void {
    const before = items.get(item.id)
    items.set(item.id, item)
    onChange(item, before)
  }

  function change(id: number, changes: Partial<Item>): void {
    const item = items.get(id)
    if (item) put({ ...item, ...changes })
  }

  function insert(file: File, state: ItemState): void {
    put({ id: ++lastId, file, cover: undefined, state, progress: undefined, result: undefined })
  }

  function stop(id: number, state: ItemState): void {
    change(id, { state })
    running.get(id)?.abort('paused')
  }

  function startNext(): void {
    for (const item of items.values()) {
      if (suspended || running.size >= parallelFiles()) return
      if (item.state.is === 'waiting' && !running.has(item.id)) void run(item)
    }
  }

  async function run(item: Item): Promise<void> {
    const { id } = item
    const controller = new AbortController()
    const { signal } = controller
    running.set(id, controller)
    change(id, { state: { is: 'running' } })
    const now = (changes: Partial<Item>) => signal.aborted || change(id, changes)
    const onProgress = (progress: Progress) => now({ progress: atLeast(item.progress, progress) })
    try {
      const result = await upload(item, { signal, onProgress })
      // For a cover that is added later it is found stored, but it was sent from here.
      now({ state: { is: 'done' }, result: { ...result, instant: item.result?.instant ?? result.instant } })
    } catch (error) {
      now({ state: { is: 'failed', error } })
    } finally {
      running.delete(id)
      startNext()
    }
  }

  const each = (id: number | undefined, states: readonly ItemState['is'][], work: (item: Item) => void) => {
    for (const item of [...items.values()]) {
      if ((id === undefined || item.id === id) && states.includes(item.state.is)) work(item)
    }
  }

  return {
    items: () => [...items.values()],
    add(file, { start }) {
      insert(file, { is: start ? 'waiting' : 'paused' })
      startNext()
    },
    refuse(file, reason) {
      insert(file, { is: 'refused', reason })
    },
    start(id) {
      each(id, ['paused', 'failed'], (item) => change(item.id, { state: { is: 'waiting' } }))
      startNext()
    },
    pause(id) {
      each(id, ['waiting', 'running'], (item) => stop(item.id, { is: 'paused' }))
    },
    remove(id) {
      const item = items.get(id)
      if (!item) return
      items.delete(id)
      running.get(id)?.abort('removed')
      onChange(undefined, item)
    },
    setCover(id, cover) {
      change(id, { cover })
      each(id, ['running', 'done'], () => stop(id, { is: 'waiting' }))
      startNext()
    },
    suspend() {
      suspended = true
      each(undefined, ['running'], (item) => stop(item.id, { is: 'waiting' }))
    },
    wake() {
      suspended = false
      startNext()
    },
  }
}

/** An upload that goes on counts from the start again; what was hashed and stored is so still. */
function atLeast(before: Progress | undefined, now: Progress): Progress {
  const acknowledged = before?.acknowledgedBytes ?? 0
  return {
    ...now,
    hashedBytes: Math.max(before?.hashedBytes ?? 0, now.hashedBytes),
    sentBytes: Math.max(acknowledged, now.sentBytes),
    acknowledgedBytes: Math.max(acknowledged, now.acknowledgedBytes),
  }
}
