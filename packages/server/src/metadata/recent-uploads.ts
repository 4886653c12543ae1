import type { Metadata, Upload, UploadKey } from './metadata.ts'

/** Uploads remembered; past that all are forgotten. */
const maxRemembered = 1_000

/**
 * Remembers uploads between their parts, so that the store is not asked for the same row with each of them. Only for a
 * store whose uploads no other process changes. All is forgotten whenever an upload is made, changed or ended: what a
 * part changes, the time of the last call, is of no use to the next.
 */
export function rememberUploads(metadata: Metadata): Metadata {
  const known = new Map<string, Upload>()
  /** Counts what makes forget, begun or ended: a row that was read meanwhile is not remembered. */
  let changes = 0
  const forget = () => {
    changes++
    known.clear()
  }
  const changing = <Args extends readonly unknown[], T>(change: (...args: Args) => Promise<T>) => {
    return async (...args: Args): Promise<T> => {
      forget()
      try {
        return await change(...args)
      } finally {
        forget() // even when it failed: it may be done, and only the answer lost
      }
    }
  }

  return {
    ...metadata,
    async recallUpload(key: UploadKey) {
      const name = `${key.appId} ${key.fileSha} ${key.uid}`
      const remembered = known.get(name)
      if (remembered) return remembered
      const before = changes
      const upload = await metadata.recallUpload(key)
      if (known.size >= maxRemembered) known.clear()
      if (upload && changes === before) known.set(name, upload)
      return upload
    },
    async addPart(part) {
      const added = await metadata.addPart(part)
      if (!added) forget()
      return added
    },
    addUpload: changing(metadata.addUpload),
    adoptFacts: changing(metadata.adoptFacts),
    adoptGeometry: changing(metadata.adoptGeometry),
    touchUpload: changing(metadata.touchUpload),
    beginFinish: changing(metadata.beginFinish),
    dropUpload: changing(metadata.dropUpload),
    finishAsFile: changing(metadata.finishAsFile),
    finishAsCover: changing(metadata.finishAsCover),
  }
}
