/** What a call says of a file: from the query for the server family, from inside the signature for the UGC family. */
export interface FileFacts {
  /** SHA-1 of the whole file, 40 lower-case hex digits. */
  readonly fileSha: string
  readonly fileName: string
  /** Extension without dot, lower case. */
  readonly fileType: string
  readonly classId: number
  readonly tags: readonly string[]
  readonly transcode: boolean
  readonly screenshot: boolean
  readonly watermark: boolean
  /** The id of the video this file is a cover of. */
  readonly coverOf: string | undefined
}
