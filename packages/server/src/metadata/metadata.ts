import type { Family, FileDeleted, FileFacts, NewFileUpload, PullComplete } from '@sluice/protocol'

/**
 * What the service remembers. Writes are durable when they resolve. State moves by compare-and-set, so that processes
 * share no lock: a method that says whether it did something did it atomically. Failures of the store are ProtocolErrors
 * (`writeFailed`, -10004, or `readFailed`, -10005 with canRetry 1), with the store's own error as their cause.
 */
export interface Metadata
  extends AppRecords,
    UploadRecords,
    FileRecords,
    DeletionRecords,
    ClassRecords,
    EventRecords,
    PullRecords {
  close(): Promise<void>
}

/** A tenant. */
export interface App {
  readonly appId: number
  /** The key of the app's verify_content, 40 hex digits. */
  readonly verifyKey: string
  /** Milliseconds since 1970; null while the app may upload. */
  readonly disabledAt: number | null
  readonly createdAt: number
  /** What was set for this app, as texts by name; `readAppSettings` says what they mean. */
  readonly settings: Readonly<Record<string, string>>
}

/** A key pair of an app. */
export interface Credential {
  readonly secretId: string
  readonly secretKey: string
  readonly appId: number
  /** Milliseconds since 1970 from which it no longer counts; null for never. */
  readonly expiresAt: number | null
  readonly createdAt: number
}

export interface AppRecords {
  /** Makes the app unless it is there. */
  addApp(app: App): Promise<void>
  findApp(appId: number): Promise<App | undefined>
  listApps(): Promise<App[]>
  /** Disables (a time) or enables (null) an app; false when there is none. */
  setAppDisabled(appId: number, disabledAt: number | null): Promise<boolean>
  /** Replaces an app's settings; false when there is none. */
  setAppSettings(appId: number, settings: App['settings']): Promise<boolean>
  /** Adds a key pair, or gives the SecretId of the same app another key. False when the SecretId is another app's. */
  putCredential(credential: Credential): Promise<boolean>
  findCredential(secretId: string): Promise<Credential | undefined>
  /** Oldest first. */
  listCredentials(appId: number): Promise<Credential[]>
  /** Adds a key pair and lets the app's others end at `expireOthersAt`, unless they end sooner. */
  rotateCredential(credential: Credential, expireOthersAt: number): Promise<void>
}

/** Names an upload: one per app, user and file. */
export interface UploadKey {
  readonly appId: number
  /** Empty for the server family; the user, or for a user's cover `coverUid`. */
  readonly uid: string
  readonly fileSha: string
}

/** The uid of a user's cover of a video: an upload of its own, as one picture may go to several videos at once. */
export function coverUid(user: string, videoId: string): string {
  return `${user}\ncover of ${videoId}`
}

/** Whether an upload may be the server family's instead: a cover may not, as it would make a cover of that one. */
export function joinsServerFamily(uid: string): boolean {
  return uid !== '' && !uid.includes('\ncover of ')
}

/** A file on its way in. */
export interface Upload extends UploadKey, FileFacts {
  /** Names the upload, its blob, and the file it becomes. Decimal digits. */
  readonly fileId: string
  readonly family: Family
  readonly fileSize: number
  /** The part size, fixed once a part is stored. */
  readonly dataSize: number
  /** `finishing` from the moment Finish has found all parts until the file is there. */
  readonly state: 'open' | 'finishing'
  readonly createdAt: number
  /** The last successful call, or one shortly before it; an upload expires some time after it. */
  readonly touchedAt: number
}

/** A stored part. */
export interface Part {
  readonly offset: number
  readonly dataSize: number
  readonly dataMd5: string
}

/** A part to record. */
export interface PartRecord extends Part {
  /** The upload's, and with it the geometry the part was checked against: a fileId has one for ever. */
  readonly fileId: string
}

/** What a call of Init may change of an upload that is there. */
export interface UploadChange {
  readonly facts: FileFacts
  readonly family: Family
  readonly touchedAt: number
}

export interface UploadRecords {
  /** Finds an upload of this user, else one of the server family (empty uid), unless it is a cover. */
  findUpload(key: UploadKey): Promise<Upload | undefined>
  /** The same, perhaps as it was some parts ago: for what is decided by a compare-and-set, as recording a part is. */
  recallUpload(key: UploadKey): Promise<Upload | undefined>
  findUploadById(fileId: string): Promise<Upload | undefined>
  /** False when there is one of the same key already. */
  addUpload(upload: Upload): Promise<boolean>
  /** Takes over what a new Init says of the file, while the upload is open. */
  adoptFacts(fileId: string, change: UploadChange): Promise<boolean>
  /** Cuts an upload anew, under a new fileId, while it is open and has no part. */
  adoptGeometry(fileId: string, geometry: Pick<Upload, 'fileId' | 'fileSize' | 'dataSize'>): Promise<boolean>
  touchUpload(fileId: string, touchedAt: number): Promise<void>

  /** All parts of an upload or a finished file, ascending by offset. */
  listParts(fileId: string): Promise<Part[]>
  findPart(fileId: string, offset: number): Promise<Part | undefined>
  /** Records a part while its upload is open; false when it is not. */
  addPart(part: PartRecord): Promise<boolean>
  /** Forgets a part while its upload is open, so that other bytes can take its place. */
  dropPart(fileId: string, offset: number): Promise<boolean>

  /** open → finishing if all parts are there, taking over the facts that Finish goes by. */
  beginFinish(fileId: string, change: UploadChange): Promise<boolean>
  /** Forgets an upload in that state, with its parts; its blob is listed as a discard from then on. */
  dropUpload(fileId: string, state: Upload['state']): Promise<boolean>
  listUploads(state: Upload['state']): Promise<Upload[]>
  countUploads(): Promise<number>
  /** Uploads not touched since, the oldest first. */
  listExpired(touchedBefore: number, limit: number): Promise<Upload[]>
  /** Which of these ids are uploads. */
  whichUploads(fileIds: readonly string[]): Promise<Set<string>>
}

/** A finished, verified video. */
export interface StoredFile {
  readonly fileId: string
  readonly appId: number
  readonly fileSha: string
  readonly fileSize: number
  readonly dataSize: number
  readonly fileName: string
  readonly fileType: string
  readonly classId: number
  readonly tags: readonly string[]
  readonly coverId: string | null
  /** What the app's backend wrote about it. */
  readonly description: string
  readonly createdAt: number
  /** The last change of what is said about it. */
  readonly updatedAt: number
  /** When it is to be deleted; null for never. */
  readonly expireAt: number | null
  /** `unprobed` until a probe has looked at it, `failed` when none understood it. */
  readonly media: 'unprobed' | 'failed' | Media
}

/** What a file says of the sound and pictures in it; absent is what it does not say. */
export interface Media {
  readonly container: string
  /** Seconds. */
  readonly durationS?: number
  /** Bits per second, of all that is in it. */
  readonly bitrate?: number
  /** Pixels, before `rotate`. */
  readonly width?: number
  readonly height?: number
  /** Degrees clockwise in which the pictures are to be shown; absent for 0. */
  readonly rotate?: number
  /** Pictures per second. */
  readonly frameRate?: number
  readonly videoCodec?: string
  readonly videoBitrate?: number
  readonly audioCodec?: string
  readonly audioBitrate?: number
  /** Samples of sound per second. */
  readonly samplingRate?: number
}

/** A file that a probe has looked at. */
export interface Probed {
  readonly fileId: string
  readonly media: Exclude<StoredFile['media'], 'unprobed'>
}

/** What may be changed of a file; `undefined` leaves it as it is. */
export interface FileChange {
  readonly fileName?: string | undefined
  readonly description?: string | undefined
  readonly classId?: number | undefined
  readonly expireAt?: number | null | undefined
  readonly updatedAt: number
}

/** Which files of an app are asked for. */
export interface FileSearch {
  readonly appId: number
  readonly fileIds?: readonly string[] | undefined
  /** Made at this time or later. */
  readonly from?: number | undefined
  /** Made before this time. */
  readonly before?: number | undefined
  /** 0 is the default class: with it come the files whose class does not exist. */
  readonly classId?: number | undefined
  readonly namePrefix?: string | undefined
  /** By when they were made. */
  readonly order: 'asc' | 'desc'
  readonly offset: number
  readonly limit: number
}

/** A small image that belongs to a file. */
export interface Cover {
  readonly coverId: string
  /** The file it belongs to. */
  readonly fileId: string
  readonly appId: number
  readonly fileSha: string
  readonly fileSize: number
  readonly dataSize: number
  readonly fileType: string
  readonly createdAt: number
}

export interface FileRecords {
  /**
   * Ends a finishing upload as a file, with its event, in one transaction. When the app has the file already, under
   * another fileId, that file is returned and nothing changes: the upload is still to be ended.
   */
  finishAsFile(file: StoredFile, event: NewFileUpload): Promise<StoredFile>
  /**
   * Ends a finishing upload as the cover of a file, in one transaction. When the file has had the cover already, it is
   * its cover again and is returned, under its own coverId: the upload is still to be ended.
   */
  finishAsCover(cover: Cover): Promise<Cover>
  /** Has a file show a cover it had before. */
  showCover(fileId: string, coverId: string): Promise<void>
  findFile(fileId: string): Promise<StoredFile | undefined>
  findFileBySha(appId: number, fileSha: string): Promise<StoredFile | undefined>
  findCover(coverId: string): Promise<Cover | undefined>
  /** A cover by its bytes; of that file, or of any when none is named (the newest). */
  findCoverBySha(appId: number, fileSha: string, fileId: string | undefined): Promise<Cover | undefined>
  /** Files that no probe has looked at, the oldest first. */
  listUnprobed(limit: number): Promise<StoredFile[]>
  /** Says what unprobed files hold, in one transaction; others stay as they are. */
  recordMedia(found: readonly Probed[]): Promise<void>
  /** The newest first. */
  listFiles(page: { readonly appId: number | undefined; readonly limit: number }): Promise<StoredFile[]>
  /** A page of the files that are searched for, and how many there are. */
  findFiles(search: FileSearch): Promise<{ totalCount: number; files: StoredFile[] }>
  /** Files that are to be deleted by now, the oldest first. */
  listExpiredFiles(now: number, limit: number): Promise<StoredFile[]>
  /** Those of these covers that there are. */
  listCovers(coverIds: readonly string[]): Promise<Cover[]>
  /** False when the app has no such file. */
  changeFile(file: { readonly appId: number; readonly fileId: string }, change: FileChange): Promise<boolean>
  /** Gives a file other tags if it has those of `file` still; false when it has not. */
  changeTags(file: StoredFile, tags: readonly string[], updatedAt: number): Promise<boolean>
}

export interface DeletionRecords {
  /**
   * Forgets a file of an app, with its covers and parts, in one transaction with the event; only if it had to end by
   * `expiredBy`, when that is given. Returns the ids of its blobs, which stay listed as discards; `undefined` when there
   * was no such file.
   */
  deleteFile(
    file: { readonly appId: number; readonly fileId: string; readonly expiredBy?: number },
    event: FileDeleted,
    deletedAt: number,
  ): Promise<string[] | undefined>
  /** Blobs whose rows are gone and whose bytes may be there still. */
  listDiscards(limit: number): Promise<string[]>
  /** Says that the bytes of a blob are gone for good. */
  dropDiscard(blobId: string): Promise<void>
}

/** What an app's backend sorts files by. Class 0 is there for every app and is not among the records. */
export interface FileClass {
  readonly appId: number
  readonly classId: number
  /** The class above; -1 for none. */
  readonly parentId: number
  readonly name: string
  readonly createdAt: number
  readonly updatedAt: number
}

export interface ClassRecords {
  /** Makes a class, under an id the app never had; `undefined` when the class above is not there. */
  addClass(given: Pick<FileClass, 'appId' | 'parentId' | 'name' | 'createdAt'>): Promise<FileClass | undefined>
  /** By id. */
  listClasses(appId: number): Promise<FileClass[]>
  /** False when there is none. */
  renameClass(key: Pick<FileClass, 'appId' | 'classId'>, name: string, updatedAt: number): Promise<boolean>
  /** Forgets a class that has neither classes nor files; false when it is not there or has some. */
  dropClass(key: Pick<FileClass, 'appId' | 'classId'>): Promise<boolean>
  /** How many files name each class, whether there is such a class or not. */
  countFilesByClass(appId: number): Promise<Map<number, number>>
}

/** An event as it was recorded, and how far its delivery is. */
export interface RecordedEvent {
  readonly eventId: number
  readonly appId: number
  readonly fileId: string
  readonly eventType: string
  /** The envelope that is delivered. */
  readonly content: object
  readonly createdAt: number
  /** `queued` until it is confirmed, or sent and answered (`delivered`), or given up (`dead`). */
  readonly state: 'queued' | 'delivered' | 'dead'
  /** When it was delivered or given up; null while it is queued. */
  readonly settledAt: number | null
  /** Who holds it, or held it last; null when nobody has since it was queued. */
  readonly leaseId: string | null
  /** Until then nobody else gets it. */
  readonly leasedUntil: number
  /** It is not sent before; pulling does not ask. 0 until a send has failed. */
  readonly dueAt: number
  /** How often it was pulled. */
  readonly pulls: number
  /** How often it was sent, to its end, since it was queued. */
  readonly sends: number
  /** The first of these sends; null before. */
  readonly firstSentAt: number | null
}

/** What came of sending an event once. */
export interface EventAttempt {
  readonly startedAt: number
  readonly durationMs: number
  /** The status that was answered, or why there was none: `status 200`, `no answer in 5 s`. */
  readonly outcome: string
}

/** Which events of an app to hold, and for whom. */
export interface EventLease {
  readonly appId: number
  /** Names of the event types that count; `undefined` for all. */
  readonly types: readonly string[] | undefined
  readonly leaseId: string
  readonly now: number
  /** Until when nobody else gets them. */
  readonly until: number
  readonly limit: number
}

/** How a send ended, and what becomes of the event. */
export interface EndedSend extends EventAttempt {
  readonly eventId: number
  readonly leaseId: string
  readonly endedAt: number
  /** `{ dueAt }` to send it again then. */
  readonly next: 'delivered' | 'dead' | { readonly dueAt: number }
}

export interface EventRecords {
  /** The newest first; of one app or of all, in one state or in any. */
  listEvents(page: {
    readonly appId: number | undefined
    readonly state?: RecordedEvent['state'] | undefined
    readonly limit: number
  }): Promise<RecordedEvent[]>
  findEvent(eventId: number): Promise<RecordedEvent | undefined>
  /** The attempts to send an event, the oldest first. */
  listAttempts(eventId: number): Promise<EventAttempt[]>
  /** Which of these apps have a queued event that nobody holds. */
  whichHaveEvents(appIds: readonly number[], now: number): Promise<number[]>
  /** Queued events by app and type, with the time of the oldest. */
  countQueued(): Promise<{ appId: number; eventType: string; count: number; oldestAt: number }[]>
  countDead(): Promise<number>

  /** Holds queued events that nobody holds, and counts that they were pulled: the oldest first. */
  leaseToPull(lease: EventLease): Promise<RecordedEvent[]>
  /** Holds queued events that are due and that nobody holds, of each file only the first that is queued: the ones due first. */
  leaseToSend(lease: EventLease): Promise<RecordedEvent[]>
  /** Gives back what was held and has not been told to anybody. */
  endLease(leaseId: string, eventIds: readonly number[]): Promise<void>
  /**
   * queued → delivered for each event that is held under that lease still. Says for each whether it is delivered under
   * that lease, now or before.
   */
  confirmEvents(
    appId: number,
    held: readonly { readonly eventId: number; readonly leaseId: string }[],
    now: number,
  ): Promise<boolean[]>
  /** Writes down how a send ended and ends its lease. False when the event was meanwhile delivered, or held by another. */
  endSend(send: EndedSend): Promise<boolean>
  /** delivered or dead → queued, as if it had never been delivered. False when it is queued, or there is none. */
  replayEvent(eventId: number): Promise<boolean>
  /**
   * Forgets events recorded before then, but those that were settled after `settledBefore`; says how many, and how many of
   * them were queued.
   */
  dropEvents(old: {
    readonly recordedBefore: number
    readonly settledBefore: number
    readonly limit: number
  }): Promise<{ dropped: number; queued: number }>
}

/** A file to be fetched from elsewhere. */
export interface Pull {
  /** `Pull-` and 32 hex digits. */
  readonly taskId: string
  readonly appId: number
  /** Names its blob, and the file it becomes unless the app has those bytes. */
  readonly fileId: string
  readonly url: string
  readonly fileName: string
  readonly fileType: string
  /** What the bytes must have, lower-case hex; null for any. */
  readonly fileMd5: string | null
  readonly classId: number
  readonly tags: readonly string[]
  /** How often it was claimed, but for claims that ended with the service. */
  readonly attempts: number
  readonly createdAt: number
}

/** A pull that somebody works on; it is theirs for as long as the lease is the row's. */
export interface ClaimedPull extends Pull {
  readonly leaseId: string
}

export interface PullRecords {
  /** Adds pulls of one app, unless it would have more than so many; then none, and false. */
  addPulls(pulls: readonly Pull[], maxWaiting: number): Promise<boolean>
  /** Takes a pull that is due, until that time: of the app that has the fewest under way, its oldest. Disabled apps wait. */
  claimPull(leaseId: string, now: number, until: number): Promise<ClaimedPull | undefined>
  /** Keeps it longer; false when it is somebody else's. */
  renewPull(pull: ClaimedPull, until: number): Promise<boolean>
  /** Gives it back, due from that time; `attempts` as the caller counts them. */
  retryPull(pull: ClaimedPull, dueAt: number): Promise<void>
  /**
   * Ends a pull as a file, with its parts and its event, in one transaction. When the app has the file already, under
   * another fileId, that file is returned and nothing changes; `undefined` when the pull is somebody else's.
   */
  finishPull(
    pull: ClaimedPull,
    file: StoredFile,
    parts: readonly Part[],
    event: PullComplete,
  ): Promise<StoredFile | undefined>
  /** Ends a pull without a new file, with its event; false when it is somebody else's. Its blob stays listed as a discard. */
  endPull(pull: ClaimedPull, event: PullComplete, endedAt: number): Promise<boolean>
  /** Which of these are blobs of pulls. */
  whichPulls(fileIds: readonly string[]): Promise<Set<string>>
}
