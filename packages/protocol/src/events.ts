import type { Family } from './actions.ts'

/** What an app's backend is told: the body of a callback and the `eventContent` of a pulled event alike. */
export interface EventEnvelope<Type extends string = string, Data extends object = object> {
  readonly version: '4.0'
  readonly eventType: Type
  readonly data: Data
}

/** An upload finished. The members and their order are those of the page's example; fileSize is ours. */
export interface NewFileUploadData {
  readonly fileId: string
  readonly fileName: string
  readonly coverUrl: string
  readonly fileUrl: string
  readonly transcodeTaskId: string
  readonly procedureTaskId: string
  readonly sourceType: 'ServerUpload' | 'ClientUpload'
  readonly sourceContext: string
  readonly author: string
  readonly streamId: string
  /** Bytes. */
  readonly fileSize: number
}

export type NewFileUpload = EventEnvelope<'NewFileUpload', NewFileUploadData>

/** A file was deleted. */
export interface FileDeletedData {
  /** 0: it went well. */
  readonly status: number
  readonly message: string
  readonly fileInfo: readonly { readonly fileId: string }[]
}

export type FileDeleted = EventEnvelope<'FileDeleted', FileDeletedData>

/** A file was pulled from elsewhere, or could not be. */
export interface PullCompleteData {
  /** 0: it went well. */
  readonly status: number
  readonly message: string
  readonly vodTaskId: string
  /** Empty when it failed. */
  readonly fileId: string
  readonly fileUrl: string
  readonly transcodeTaskId: string
}

export type PullComplete = EventEnvelope<'PullComplete', PullCompleteData>

/** Every event there is. */
export type AppEvent = NewFileUpload | FileDeleted | PullComplete

/** Makes the event of a finished upload. */
export function newFileUpload(file: {
  readonly fileId: string
  readonly fileName: string
  readonly fileUrl: string
  readonly fileSize: number
  readonly family: Family
}): NewFileUpload {
  return {
    version: '4.0',
    eventType: 'NewFileUpload',
    data: {
      fileId: file.fileId,
      fileName: file.fileName,
      coverUrl: '',
      fileUrl: file.fileUrl,
      transcodeTaskId: '',
      procedureTaskId: '',
      sourceType: file.family === 'ugc' ? 'ClientUpload' : 'ServerUpload',
      sourceContext: '',
      author: '',
      streamId: '',
      fileSize: file.fileSize,
    },
  }
}

/** Makes the event of a deleted file. */
export function fileDeleted(fileId: string): FileDeleted {
  return { version: '4.0', eventType: 'FileDeleted', data: { status: 0, message: '', fileInfo: [{ fileId }] } }
}

/** Makes the event of a pull that ended; one that failed has no file. */
export function pullComplete(pull: {
  readonly taskId: string
  readonly status: number
  readonly message: string
  readonly fileId?: string
  readonly fileUrl?: string
}): PullComplete {
  const { taskId: vodTaskId, status, message, fileId = '', fileUrl = '' } = pull
  const data = { status, message, vodTaskId, fileId, fileUrl, transcodeTaskId: '' }
  return { version: '4.0', eventType: 'PullComplete', data }
}
