import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Slot } from '../engine/slots.ts'
import type { Part } from '../metadata/metadata.ts'
import { openSource, PullRefused } from './open-source.ts'
import type { PullDeps } from './pull-deps.ts'

/** What was stored of a source. */
export interface StoredSource {
  readonly fileSize: number
  readonly fileSha: string
  readonly fileMd5: string
  readonly parts: readonly Part[]
}

/** Fetches an address into the blob of that id, part by part, through the pool that uploads go through. */
export async function storeSource(
  deps: PullDeps,
  { url, fileId }: { readonly url: string; readonly fileId: string },
  signal: AbortSignal,
): Promise<StoredSource> {
  const response = await openSource(deps, url, signal)
  const [sha1, md5] = [createHash('sha1'), createHash('md5')]
  const parts: Part[] = []
  let fileSize = 0
  const store = async (slot: Slot) => {
    await deps.blobs.writePart(fileId, fileSize, slot.bytes)
    sha1.update(slot.bytes)
    md5.update(slot.bytes)
    parts.push({ offset: fileSize, dataSize: slot.length, dataMd5: await slot.md5() })
    fileSize += slot.length
  }
  try {
    requireFits(deps, Number(response.headers['content-length'] ?? 0))
    for await (const slot of slotsOf(deps, response, signal)) {
      requireFits(deps, fileSize + slot.length)
      await store(slot)
    }
  } finally {
    response.destroy()
  }
  if (fileSize === 0) throw new PullRefused('the source is empty')
  return { fileSize, fileSha: sha1.digest('hex'), fileMd5: md5.digest('hex'), parts }
}

/** The bytes of an answer in full slots, but for the last; a slot is the loop's until it asks for the next. */
async function* slotsOf({ slots }: PullDeps, response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Slot> {
  let slot: Slot | undefined
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; ) {
        slot ??= await slots.acquire(signal)
        const piece = chunk.subarray(at, at + slots.slotSize - slot.length)
        slot.append(piece)
        at += piece.length
        if (slot.length < slots.slotSize) continue
        yield slot
        slot.release()
        slot = undefined
      }
    }
    if (slot) yield slot
  } finally {
    slot?.release()
  }
}

function requireFits({ maxFileSize }: PullDeps, bytes: number): void {
  if (bytes > maxFileSize) throw new PullRefused(`the source has more than ${maxFileSize} bytes`)
}
