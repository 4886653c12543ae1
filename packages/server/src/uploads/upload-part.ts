import { isEmptyTail, ProtocolError, requirePart } from '@sluice/protocol'
import type { Slot } from '../engine/slots.ts'
import { findFinished } from '../files/finished.ts'
import type { UploadKey } from '../metadata/metadata.ts'
import { storePart } from './store-part.ts'
import type { UploadDeps } from './upload-deps.ts'

export interface UploadPart extends UploadKey {
  readonly offset: number
  readonly dataSize: number
  /** MD5 of the part's bytes. */
  readonly dataMd5: string
}

/** Bytes that are still to be received. */
export interface PartBody {
  /** Receives exactly `length` bytes into a slot, which the caller releases. Throws `body` (-10006) when there are more or fewer. */
  read(length: number): Promise<Slot>
}

/** Stores a part: when this resolves, it is there for good. Repeating it changes nothing. */
export async function uploadPart(deps: UploadDeps, call: UploadPart, body: PartBody): Promise<void> {
  const upload = await deps.metadata.recallUpload(call)
  const isTail = isEmptyTail(upload ?? (await finishedGeometry(deps, call)), call)
  if (upload && !isTail) requirePart(upload, call)

  const slot = await body.read(call.dataSize)
  try {
    if (isTail) return
    await requireMd5(call, slot)
    if (!upload) return // a part of a file that is finished is checked and stored nowhere
    const { offset, dataSize, dataMd5 } = call
    const follow = () => deps.verifier.follow(upload, offset, slot)
    await storePart(deps, upload, { offset, dataSize, dataMd5 }, slot.bytes, follow)
  } finally {
    slot.release()
  }
}

async function finishedGeometry(deps: UploadDeps, { appId, fileSha }: UploadPart) {
  const finished = await findFinished(deps, { appId, fileSha, coverOf: undefined, orAnyCover: true })
  if (finished) return finished
  throw new ProtocolError('stateMissing', 'there is no upload of this file: call Init first')
}

async function requireMd5({ dataMd5 }: UploadPart, slot: Slot): Promise<void> {
  const found = await slot.md5()
  if (found !== dataMd5) throw new ProtocolError('body', `dataMd5: expected ${dataMd5}, the body has ${found}`)
}
