/**
 * Where bytes live. A blob is named by the fileId it belongs to: first it is an upload that parts are written to, then,
 * once sealed, a file that is only read. Every method may be repeated after a crash. Failures are ProtocolErrors
 * (`writeFailed`, -10004), with the store's own error as their cause.
 */
export interface Blobs {
  /** Writes a part at its place; when this resolves, the bytes survive a loss of power. */
  writePart(fileId: string, offset: number, bytes: Uint8Array): Promise<void>
  /** Reads from a blob, sealed or not, into `target`; rejects when fewer bytes are there. */
  readPart(fileId: string, offset: number, target: Uint8Array): Promise<void>
  /** Turns an upload into a file, for good. Resolves too when it was sealed before. */
  seal(fileId: string): Promise<void>
  /** Opens a sealed blob; `undefined` when there is none. The caller closes it. */
  open(fileId: string): Promise<OpenBlob | undefined>
  /** Removes a blob, sealed or not; one that is not there is fine. Sealed bytes are gone for good when this resolves. */
  discard(fileId: string): Promise<void>
  /** Removes a blob only if it is not sealed. */
  discardUnsealed(fileId: string): Promise<void>
  /** The ids of all unsealed blobs. */
  listUnsealed(): Promise<string[]>
  /** Throws `writeFailed` when the store cannot take `bytes` more. */
  requireSpace(bytes: number): Promise<void>
  close(): Promise<void>
}

/** A sealed blob, open for reading. */
export interface OpenBlob {
  /** Bytes. */
  readonly size: number
  /** Streams the bytes from `start` to `end`, both inclusive. */
  stream(start: number, end: number): NodeJS.ReadableStream
  /** Reads `length` bytes from `start` on, fewer at the end. To be asked as often as one likes. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}
