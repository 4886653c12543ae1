import type { Generated } from 'kysely'

/** The tables, as both databases hold them: sizes and times are whole numbers, times in milliseconds since 1970. */
export interface Tables {
  apps: {
    appId: number
    verifyKey: string
    disabledAt: number | null
    createdAt: number
    /** A JSON object of texts. */
    settings: string
    /** The highest class id given out: none is given twice. */
    lastClassId: Generated<number>
  }
  credentials: { secretId: string; secretKey: string; appId: number; expiresAt: number | null; createdAt: number }
  uploads: {
    fileId: string
    appId: number
    uid: string
    fileSha: string
    family: 'server' | 'ugc'
    fileSize: number
    dataSize: number
    fileName: string
    fileType: string
    classId: number
    /** A JSON array. */
    tags: string
    transcode: number
    screenshot: number
    watermark: number
    coverOf: string | null
    state: 'open' | 'finishing'
    createdAt: number
    touchedAt: number
  }
  parts: { fileId: string; offset: number; dataSize: number; dataMd5: string }
  files: {
    fileId: string
    appId: number
    fileSha: string
    fileSize: number
    dataSize: number
    fileName: string
    fileType: string
    classId: number
    /** A JSON array. */
    tags: string
    coverId: string | null
    description: string
    createdAt: number
    updatedAt: number
    expireAt: number | null
    /** `unprobed`, `failed`, or a JSON object. */
    media: string
  }
  covers: {
    coverId: string
    fileId: string
    appId: number
    fileSha: string
    fileSize: number
    dataSize: number
    fileType: string
    createdAt: number
  }
  classes: {
    appId: number
    classId: number
    /** -1 at the top. */
    parentId: number
    name: string
    createdAt: number
    updatedAt: number
  }
  /** Blobs whose rows are gone. */
  discards: { blobId: string }
  pulls: {
    taskId: string
    appId: number
    fileId: string
    url: string
    fileName: string
    fileType: string
    fileMd5: string | null
    classId: number
    /** A JSON array. */
    tags: string
    attempts: number
    leaseId: string | null
    leasedUntil: number
    createdAt: number
  }
  events: {
    eventId: Generated<number>
    appId: number
    fileId: string
    eventType: string
    /** JSON. */
    content: string
    createdAt: number
    state: Generated<'queued' | 'delivered' | 'dead'>
    settledAt: number | null
    leaseId: string | null
    leasedUntil: Generated<number>
    dueAt: Generated<number>
    pulls: Generated<number>
    sends: Generated<number>
    firstSentAt: number | null
  }
  eventAttempts: {
    attemptId: Generated<number>
    eventId: number
    startedAt: number
    durationMs: number
    outcome: string
  }
}
