/** The bytes of a body on their way in. */
export interface Incoming {
  /** The length its head announces, in bytes. */
  readonly announced: number | undefined
  /** Whether nothing is left of it. */
  readonly isOver: boolean
  /** Calls back once, when the sender hangs up before its end. */
  onHangUp(listener: () => void): void
  /** Hands over what comes, from now on. The result stops that; what comes then waits for the next sink, or is lost. */
  flow(sink: Sink): () => void
}

/** Where the bytes of a body go. */
export interface Sink {
  /** The place for the next bytes, at most so many. Who can will put them there; others bring them in memory of their own. */
  room?(atMost: number): Uint8Array
  /** Set when chunks are kept: else each is good only until the next one comes. */
  readonly keeps?: true
  data(chunk: Buffer): void
  end(): void
}
