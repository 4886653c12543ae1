import { openDigests } from '../digests/digests.ts'
import { hashBlob, hashPart } from '../hash-pieces.ts'
import type { FileHash } from '../hashing.ts'
import type { Ask, Tell } from './worker-messages.ts'

const opened = openDigests()
const running = new Map<number, AbortController>()
const tell = (message: Tell) => postMessage(message)

addEventListener('message', ({ data }: MessageEvent<Ask>) => {
  if ('stop' in data) return running.get(data.id)?.abort()
  work(data).then(
    (answer) => tell({ id: data.id, answer }),
    (error) => tell({ id: data.id, error: error instanceof Error ? error.message : String(error) }),
  )
})
tell({ ready: true })

async function work(ask: Exclude<Ask, { stop: true }>): Promise<FileHash | string> {
  const digests = await opened
  if ('part' in ask) return hashPart(digests, ask.part)
  const { id, file, pieceBytes, from } = ask
  const controller = new AbortController()
  running.set(id, controller)
  try {
    return await hashBlob(digests, file, {
      pieceBytes,
      ...(from && { from }),
      onHashed: (hashed) => tell({ id, hashed }),
      onSave: (saved) => tell({ id, saved }),
      signal: controller.signal,
    })
  } finally {
    running.delete(id)
  }
}
