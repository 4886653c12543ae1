import { setTimeout as sleep } from 'node:timers/promises'
import type { Blobs } from '../blobs/blobs.ts'
import type { Metadata, Probed } from '../metadata/metadata.ts'
import type { Log } from '../observe/log.ts'
import { looksLikeMedia, signatureBytes } from './media-signature.ts'
import { probe } from './probe.ts'

export interface ProbeDeps {
  readonly metadata: Pick<Metadata, 'listUnprobed' | 'recordMedia'>
  readonly blobs: Pick<Blobs, 'open'>
  readonly log: Log
}

/** How often new files are looked for; nobody who finishes an upload waits for it or has to say so. */
const lookEveryMs = 1_000

/** How long to leave it after the store failed. */
const troubleMs = 60_000

/** Files probed before the store is asked again. */
const roundSize = 64

/** What is found is recorded together, at most that much later: a commit is the dearest part of it. */
const recordEveryMs = 1_000

/**
 * Probes stored files, one at a time, until the signal aborts. What a crash left unprobed is simply found again. A file
 * that cannot be read keeps nobody waiting: it stays unprobed, and is looked at again after the next start.
 */
export async function probeFiles(deps: ProbeDeps, signal: AbortSignal): Promise<void> {
  const unread = new Set<string>()
  while (!signal.aborted) {
    let pauseMs = lookEveryMs
    try {
      if ((await probeRound(deps, unread, signal)) === roundSize) pauseMs = 0
    } catch (error) {
      if (signal.aborted) return
      deps.log.error({ err: error, job: probeFiles.name }, 'upkeep failed')
      pauseMs = troubleMs
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Resolves to how many files there were to probe. */
async function probeRound(
  { metadata, blobs, log }: ProbeDeps,
  unread: Set<string>,
  signal: AbortSignal,
): Promise<number> {
  const listed = await metadata.listUnprobed(roundSize + unread.size)
  const files = listed.filter(({ fileId }) => !unread.has(fileId)).slice(0, roundSize)
  let found: Probed[] = []
  let recordedAt = performance.now()
  try {
    for (const { fileId } of files) {
      try {
        const media = await probeBlob(blobs, fileId, signal)
        log.debug({ fileId, media }, 'probed')
        found.push({ fileId, media: media ?? 'failed' })
      } catch (error) {
        signal.throwIfAborted()
        unread.add(fileId)
        log.error({ err: error, fileId }, 'a stored file could not be read')
      }
      if (performance.now() - recordedAt < recordEveryMs) continue
      await metadata.recordMedia(found)
      found = []
      recordedAt = performance.now()
    }
  } finally {
    if (found.length > 0) await metadata.recordMedia(found)
  }
  return files.length
}

async function probeBlob(blobs: ProbeDeps['blobs'], fileId: string, signal: AbortSignal) {
  const blob = await blobs.open(fileId)
  if (!blob) return undefined // deleted, or lost: there is nothing to look at either way
  try {
    const head = await blob.read(0, signatureBytes)
    return looksLikeMedia(head) ? await probe(blob, signal) : undefined
  } finally {
    await blob.close()
  }
}
