import type { ActionName, Family } from '@sluice/protocol'

/** A call to be authenticated. */
export interface Call {
  readonly action: ActionName
  /** The address, without query. */
  readonly url: URL
  /** All parameters of the call itself, as plain text. */
  readonly params: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly now: number
  readonly random: () => number
}

/** What is known of a file once it is hashed. */
export interface HashedFile {
  /** SHA-1 of the whole file, 40 lower-case hex digits. */
  readonly fileSha: string
  readonly fileName: string
  /** Extension without dot, lower case. */
  readonly fileType: string
  /** Bytes. */
  readonly fileSize: number
  /** The id of the video whose cover this file is to be; absent of a video. */
  readonly coverOf?: string
  /** Beside `coverOf`: the proof of that video, as in the result of its upload. */
  readonly verifyContent?: string
}

/** What authenticates the calls about one file. */
export interface Authentication {
  /** Makes the query of a call, with all that proves who makes it. Called anew for every request. */
  makeQuery(call: Call): string
  /** How long it is good for, counted from when it was made; undefined when that does not end or is not known. */
  readonly lastsMs?: number
}

/** How the calls of an upload are authenticated: the one difference between the families. */
export interface Credentials {
  readonly family: Family
  /** Called once the file is hashed; in the ugc family again when what it returned nears its end or is refused. */
  authenticate(file: HashedFile, signal: AbortSignal): Promise<Authentication>
}
