/**
 * Every number of the protocol, with its source. Sizes are bytes; names ending in `S` are seconds, in `Ms` milliseconds.
 *
 * Sources: the public pages of the upload API (InitUpload, UploadPart, FinishUpload, SmallFileUpload and their UGC
 * variants, the API signature page, the error code page). "Sluice" marks a decision of ours where they are silent.
 */
export const limits = {
  /** Smallest part size a client may ask for (InitUpload page). */
  minDataSize: 524_288,
  /** Largest part size a client may ask for (InitUpload page). */
  maxDataSize: 1_048_576,
  /** Largest SmallFileUpload; the page's own example uses exactly this. */
  maxSmallFileSize: 1_048_576,
  /** Largest cover of the ugc family: the app's backend hears nothing of covers (Sluice). */
  maxUgcCoverSize: 10_485_760,
  /** Code points of a file name (InitUpload page); `SLUICE_MAX_FILE_NAME` moves it. */
  maxFileName: 40,
  /** Tags kept of a file (InitUpload page). */
  maxTags: 10,
  /** How long a PullEvent is held while there is no event (PullEvent page). */
  pullHoldMs: 5_000,
  /** How long a msgHandle is good; the event is then given out again (ConfirmEvent page). */
  handleMs: 30_000,
  /** How long a confirmed msgHandle is remembered at least, so that it can be confirmed again (Sluice). */
  handleMemoryMs: 3_600_000,
  /** Events in one answer of PullEvent; the later API confirms as many at once (Sluice). */
  maxPulledEvents: 16,
  /** Documented calls a minute and app: PullEvent and ConfirmEvent pages, each. */
  eventsPerMinute: 1_000,
  /** Handles in one ConfirmEvent (Sluice). */
  maxConfirmedEvents: 100,
  /** How long the head of a callback's answer may take (event notification page). */
  callbackTimeoutMs: 5_000,
  /** How long events are kept, delivered or not: 7 days (Sluice). */
  eventRetentionMs: 604_800_000,
  /** Largest difference between a request's Timestamp and the server's clock, either way (error 4500). */
  timestampWindowS: 7_200,
  /** Longest validity of a UGC signature: 90 days (UGC overview). Longer ones are clamped (Sluice). */
  ugcMaxValidityS: 7_776_000,
  /** How far a UGC signature's `t` may lie ahead; it is taken from the end user's clock (Sluice). */
  ugcMaxAheadS: 86_400,
  /** Addresses of one MultiPullVodFile (its page). */
  maxPullSet: 50,
  /** Longest address to pull from, in characters (Sluice). */
  maxPullUrl: 2_048,
  /** How long a protected play address is good past its `t` (Key hotlink page). */
  hotlinkGraceS: 300,
  /** From this number on a time is in milliseconds: the Node.js SDK and the web SDK send such (Sluice). */
  millisecondsFrom: 1e11,
  /** How long a verify_content is valid; a live answer of 2018 carried about one hour (Sluice). */
  verifyContentS: 3_600,
  /** Bytes of a part's body read beyond the largest part before the connection is given up (Sluice). */
  bodySlack: 65_536,
  /** Distinct HMACs tried for one server signature before it is refused (Sluice). */
  maxSignatureAttempts: 256,
  /** Documented calls a minute and app: InitUpload and FinishUpload pages. */
  initPerMinute: 100,
  finishPerMinute: 100,
  /** Documented calls a minute and app: UploadPart page. */
  partsPerMinute: 10_000,
  /** Documented calls a minute, app and action of the management API: every page of it but those of events. */
  vodPerMinute: 100,
  /** Files that DescribeVodInfo lists at once, at least and at most (its page). */
  minPageSize: 10,
  maxPageSize: 100,
  /** Code points of a file's description (Sluice). */
  maxFileIntro: 1_000,
  /** Code points of a class name (Sluice, the limit of the next API generation). */
  maxClassName: 64,
  /** Levels of classes, and classes right below one (Sluice, the limits of the next API generation). */
  maxClassLevels: 4,
  maxSubclasses: 500,
  /** Largest id of a class or an app that is read (Sluice). */
  maxId: 999_999_999_999_999,
} as const

/** The limits an operator may move; what a parameter is checked against. */
export interface ParamLimits {
  readonly maxFileName: number
  readonly maxFileSize: number
}

/** The documented limits, for callers that configure nothing. */
export const documentedLimits: ParamLimits = { maxFileName: limits.maxFileName, maxFileSize: Number.MAX_SAFE_INTEGER }
