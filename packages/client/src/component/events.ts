import type { Progress, UploadResult } from '../shared-entry.ts'
import type { Refusal } from './admission.ts'

/** Which file an event is about. `id` is unique within the element, and what its methods take. */
export interface FileDetail {
  readonly id: number
  readonly file: File
}

export interface ProgressDetail extends FileDetail {
  readonly progress: Progress
}

export interface UploadedDetail extends FileDetail, UploadResult {}

export interface ErrorDetail extends FileDetail {
  /** `failed`: the upload failed, with `error`; the others: the file was not taken. */
  readonly reason: Refusal | 'failed'
  /** An UploadError, as a rule. */
  readonly error?: unknown
}

/** What the element tells. All bubble, out of other components as well. */
export interface SluiceUploadEvents {
  /** A file was taken into the list. */
  'sluice-added': CustomEvent<FileDetail>
  'sluice-progress': CustomEvent<ProgressDetail>
  /** A file is uploaded; told again when a cover, chosen later or failed before, is there too. */
  'sluice-uploaded': CustomEvent<UploadedDetail>
  /** An upload failed, or a file was not taken. */
  'sluice-error': CustomEvent<ErrorDetail>
  /** A file was taken out of the list, by the user or by a call. */
  'sluice-removed': CustomEvent<FileDetail>
}
