import { setImmediate as nextTurn } from 'node:timers/promises'
import { limits, ProtocolError } from '@sluice/protocol'
import type { Blobs } from '../blobs/blobs.ts'
import { localSha1, type Sha1 } from '../engine/sha1.ts'
import { Sha1Thread } from '../engine/sha1-thread.ts'
import type { Slot, Slots } from '../engine/slots.ts'
import type { Metadata, Upload } from '../metadata/metadata.ts'

/** Parts read back at the same time, over all uploads. */
const maxReaders = 4

/** The upload as far as the verifier needs it. */
type Followed = Pick<Upload, 'fileId' | 'fileSize'>

/** How far the SHA-1 of one upload has come. */
interface Follower {
  readonly upload: Followed
  /** Whether its first part came while this service ran: what is read back of it is then what was let go. */
  startedHere: boolean
  /** Set with the first bytes: on another thread when they were stored before a restart, else on this one. */
  sha1: Sha1 | undefined
  /** Everything before it is hashed. */
  next: number
  /** The end of the furthest part this follower was told of. */
  furthest: number
  /** Parts whose bytes are still in memory, by offset. */
  readonly held: Map<number, Slot>
  advancing: Promise<void> | undefined
  /** Where the store had no part when it was last asked, and no part came since. */
  gapAt: number | undefined
  /** Why the last advance stopped, when it was not a gap. */
  failure: unknown
  forgotten: boolean
}

/**
 * Computes the SHA-1 of every upload while its parts arrive, so that Finish waits only for what is left. A part that
 * comes in order is hashed from memory. Parts ahead of a gap keep their slots, up to half of all slots; past that the
 * oldest is let go, and read back when its gap closes. After a restart the stored prefix is read back as the upload goes
 * on, and hashed by another thread, so that the parts that arrive do not wait for it.
 */
export class Verifier {
  readonly #metadata: Pick<Metadata, 'findPart'>
  readonly #blobs: Pick<Blobs, 'readPart'>
  readonly #maxHeld: number
  readonly #thread = new Sha1Thread()
  readonly #followers = new Map<string, Follower>()
  /** All held slots, the oldest first. */
  readonly #held = new Map<Slot, { readonly follower: Follower; readonly offset: number }>()
  readonly #running = new Set<Promise<void>>()
  readonly #readBuffers: Buffer[] = []
  #readers = 0
  readonly #waitingReaders: (() => void)[] = []

  constructor(metadata: Pick<Metadata, 'findPart'>, blobs: Pick<Blobs, 'readPart'>, slots: Pick<Slots, 'count'>) {
    this.#metadata = metadata
    this.#blobs = blobs
    this.#maxHeld = Math.floor(slots.count / 2)
  }

  /** Takes note of a part that was just stored; `slot` holds its bytes. */
  follow(upload: Followed, offset: number, slot: Slot): void {
    const follower = this.#follower(upload)
    if (offset === 0) follower.startedHere = true
    follower.furthest = Math.max(follower.furthest, offset + slot.length)
    if (offset === follower.gapAt) follower.gapAt = undefined
    if (offset < follower.next) return
    this.#hold(follower, offset, slot)
    void this.#advance(follower)
  }

  /** Goes on with what is stored of an upload: after a restart, when nothing of it was hashed yet. */
  catchUp(upload: Followed): void {
    const follower = this.#follower(upload)
    follower.gapAt = undefined
    void this.#advance(follower)
  }

  /** Drops what is known of an upload: it ended, or bytes that may have been hashed are replaced. */
  forget(fileId: string): void {
    const follower = this.#followers.get(fileId)
    if (!follower) return
    this.#followers.delete(fileId)
    follower.forgotten = true
    follower.sha1?.close()
    for (const [offset, slot] of follower.held) this.#letGo(follower, offset, slot)
  }

  /** The SHA-1 of a complete upload, 40 lower-case hex digits; waits for what is not hashed yet. */
  async digest(upload: Followed): Promise<string> {
    const follower = this.#follower(upload)
    follower.gapAt = undefined
    while (follower.next < upload.fileSize) {
      const { next, advancing } = follower
      await this.#advance(follower)
      if (advancing || follower.next > next) continue
      this.forget(upload.fileId)
      const message = `the upload could not be read back at ${next}`
      throw new ProtocolError('writeFailed', message, { cause: follower.failure })
    }
    return (follower.sha1 ?? localSha1()).digest()
  }

  /** Stops, and ends the other thread: nothing is read or hashed any more once it resolves. */
  async close(): Promise<void> {
    for (const fileId of [...this.#followers.keys()]) this.forget(fileId)
    await Promise.all(this.#running)
    await this.#thread.close()
  }

  /** Bytes between what is hashed and the furthest part stored, over all uploads. */
  get lagBytes(): number {
    let lag = 0
    for (const { furthest, next } of this.#followers.values()) lag += Math.max(0, furthest - next)
    return lag
  }

  #follower(upload: Followed): Follower {
    const known = this.#followers.get(upload.fileId)
    if (known) return known
    const follower: Follower = {
      upload,
      startedHere: false,
      sha1: undefined,
      next: 0,
      furthest: 0,
      held: new Map(),
      advancing: undefined,
      gapAt: undefined,
      failure: undefined,
      forgotten: false,
    }
    this.#followers.set(upload.fileId, follower)
    return follower
  }

  #hold(follower: Follower, offset: number, slot: Slot): void {
    if (this.#maxHeld === 0 || follower.held.has(offset)) return
    const [oldest] = this.#held
    if (oldest && this.#held.size >= this.#maxHeld) this.#letGo(oldest[1].follower, oldest[1].offset, oldest[0])
    slot.hold()
    follower.held.set(offset, slot)
    this.#held.set(slot, { follower, offset })
  }

  #letGo(follower: Follower, offset: number, slot: Slot): void {
    follower.held.delete(offset)
    this.#held.delete(slot)
    slot.release()
  }

  /** Goes on as far as there are bytes; callers at the same time share one run. */
  #advance(follower: Follower): Promise<void> {
    if (follower.advancing) return follower.advancing
    const running = this.#run(follower).finally(() => {
      this.#running.delete(running)
      follower.advancing = undefined
      // The part that closes a gap may have come between the run's last look and its end.
      if (follower.failure === undefined && follower.held.has(follower.next)) void this.#advance(follower)
    })
    this.#running.add(running)
    follower.advancing = running
    return running
  }

  async #run(follower: Follower): Promise<void> {
    follower.failure = undefined
    try {
      while (!follower.forgotten && follower.next < follower.upload.fileSize) {
        await nextTurn() // answers go out first, and one part of hashing takes one turn
        if (!((await this.#hashHeld(follower)) || (await this.#hashStored(follower)))) return
      }
    } catch (error) {
      follower.failure = error // for the call that waits for the digest, which finds no progress
      follower.gapAt = undefined
    }
  }

  async #hashHeld(follower: Follower): Promise<boolean> {
    const slot = follower.held.get(follower.next)
    if (!slot) return false
    follower.sha1 ??= localSha1()
    await this.#update(follower, follower.sha1, slot.bytes)
    return true
  }

  /** Hashes the next bytes of an upload. Whatever memory still holds them is then no longer needed. */
  async #update(follower: Follower, sha1: Sha1, bytes: Uint8Array): Promise<void> {
    const { length } = bytes
    await sha1.update(bytes)
    if (follower.forgotten) return
    const slot = follower.held.get(follower.next)
    if (slot) this.#letGo(follower, follower.next, slot)
    follower.next += length
  }

  async #hashStored(follower: Follower): Promise<boolean> {
    const { fileId } = follower.upload
    const offset = follower.next
    if (offset === follower.gapAt) return false
    follower.gapAt = offset // whatever comes while the store looks takes it back
    const part = await this.#metadata.findPart(fileId, offset)
    if (!part) return false
    follower.gapAt = undefined
    await this.#takeReader()
    const buffer = this.#readBuffers.pop() ?? Buffer.allocUnsafeSlow(limits.maxDataSize)
    try {
      const bytes = buffer.subarray(0, part.dataSize)
      await this.#blobs.readPart(fileId, part.offset, bytes)
      if (follower.forgotten) return false
      follower.sha1 ??= follower.startedHere ? localSha1() : this.#thread.open()
      await this.#update(follower, follower.sha1, bytes)
      return true
    } finally {
      this.#readBuffers.push(buffer)
      this.#giveReader()
    }
  }

  async #takeReader(): Promise<void> {
    if (this.#readers < maxReaders) this.#readers++
    else await new Promise<void>((resolve) => this.#waitingReaders.push(resolve))
  }

  #giveReader(): void {
    const next = this.#waitingReaders.shift()
    if (next) next()
    else this.#readers--
  }
}
