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
}

/** Makes the query of a call, with all that proves who makes it. Called anew for every request. */
export type MakeQuery = (call: Call) => string

/** How the calls of an upload are authenticated: the one difference between the families. */
export interface Credentials {
  readonly family: Family
  /** Called once the file is hashed, and again when the service says that what it returned has expired. */
  authenticate(file: HashedFile, signal: AbortSignal): Promise<MakeQuery>
}
