import { checkFileName, documentedLimits, fileTypeField, limits } from '@sluice/protocol'
import { isBlobSource } from './blob-source.ts'
import type { Credentials, HashedFile } from './credentials.ts'
import { describeName } from './file-names.ts'
import type { Hashing } from './hashing.ts'
import { ownSlots, type PartSlots } from './part-slots.ts'
import type { Platform } from './platform.ts'
import type { Progress } from './progress.ts'
import { noStore, type ResumeStore } from './resume-store.ts'
import { type Retry, retryDelayMs } from './retry.ts'
import { isNamed, type Source } from './source.ts'
import type { Lock, Network } from './surroundings.ts'
import type { Transport } from './transport.ts'
import { type GetSignature, ugcCredentials } from './ugc-credentials.ts'
import { reasonOf, UploadError } from './upload-error.ts'

/** What the service is told of a file. In the ugc family only the signature counts: its maker decides. */
export interface FileDescription {
  /** Without extension; at most 40 characters unless the service allows more, none of `\ / : * ? " < > |`. */
  readonly fileName: string
  /** Extension without dot: 1 to 16 letters or digits. */
  readonly fileType: string
  /** Default 0, the default class. */
  readonly classId?: number
  /** The first ten count. */
  readonly tags?: readonly string[]
  readonly transcode?: boolean
  readonly screenshot?: boolean
  readonly watermark?: boolean
}

/** The world, passed in; each has a default that is the platform's own. */
export interface Ports {
  /** Default: XMLHttpRequest in browsers, node:http in Node, else fetch. */
  readonly transport?: Transport
  /** Where hashes are remembered between visits; `false`: nowhere. Default IndexedDB in browsers, nowhere in Node. */
  readonly resumeStore?: ResumeStore | false
  readonly hashing?: Hashing
  readonly lock?: Lock
  readonly network?: Network
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** From 0 up to 1. */
  readonly random?: () => number
  /** Waits; rejects with the signal's reason when aborted. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Who uploads: a user with a signature of the app's backend, or, in Node, the app itself with its secret. */
export type Uploader =
  | {
      /** Called once the file is hashed, and again when the signature nears its end or is refused. */
      readonly getSignature: GetSignature
      readonly credentials?: never
    }
  | {
      /** Made by `serverCredentials` of `@sluice/client/server-credentials`. */
      readonly credentials: Credentials
      readonly getSignature?: never
    }

export interface CommonOptions extends Ports {
  /** Where the service is: `https://host[:port]`, with a path if a proxy puts it under one. */
  readonly url: string
  /** Default: the source's own name and type, made to fit. */
  readonly file?: Partial<FileDescription>
  /** The part size to ask for, in bytes: 524288 to 1048576, the default. The service may have another one. */
  readonly dataSize?: number
  /** The most parts under way at a time, each in memory; fewer on a poor link. Default 6. */
  readonly parallel?: number
  /** Made by `partSlots` and given to uploads that run at the same time: the most parts under way over all of them. */
  readonly slots?: PartSlots
  /** Default: see retryDelayMs. */
  readonly retry?: Retry
  /** Aborting it pauses: the upload rejects with its reason, and the same call again goes on where it stopped. */
  readonly signal?: AbortSignal
  /** What it throws is reported as uncaught, and the upload goes on. */
  readonly onProgress?: (progress: Progress) => void
}

export type UploadOptions = CommonOptions & Uploader

/** Options checked and completed. */
export interface Settings extends Required<Omit<CommonOptions, 'url' | 'file' | 'resumeStore'>> {
  /** The address all calls go to, without query. */
  readonly url: URL
  readonly file: Required<FileDescription>
  /** What the file is a cover of, if it is one. */
  readonly video: Pick<HashedFile, 'coverOf' | 'verifyContent'>
  readonly credentials: Credentials
  readonly resumeStore: ResumeStore
}

/** Checks options and fills in the defaults. Throws `argument` naming what is wrong. */
export function readOptions(source: Source, options: UploadOptions, platform: Platform): Settings {
  if (source.size === 0) throw UploadError.local('argument', 'the file is empty, there is nothing to upload')
  return {
    url: readUrl(options.url),
    file: readFile({ ...describe(source), ...options.file }),
    video: {},
    credentials: readUploader(options),
    dataSize: within('dataSize', options.dataSize ?? limits.maxDataSize, limits.minDataSize, limits.maxDataSize),
    parallel: within('parallel', options.parallel ?? 6, 1, 100),
    slots: options.slots ?? ownSlots,
    retry: options.retry ?? retryDelayMs,
    signal: options.signal ?? new AbortController().signal,
    onProgress: options.onProgress ?? (() => {}),
    transport: options.transport ?? platform.transport(),
    resumeStore: options.resumeStore === false ? noStore : (options.resumeStore ?? platform.resumeStore),
    hashing: options.hashing ?? platform.hashing(),
    lock: options.lock ?? platform.lock,
    network: options.network ?? platform.network,
    clock: options.clock ?? Date.now,
    random: options.random ?? Math.random,
    sleep: options.sleep ?? sleep,
  }
}

/** Says what a cover is: its own name and type, as far as it has them. Throws `argument` for what cannot be one. */
export function readCover(cover: Source): Settings['file'] {
  const { fileName = 'cover', fileType } = describe(cover)
  if (cover.size === 0) throw UploadError.local('argument', 'cover: the image is empty')
  if (fileType !== undefined) return readFile({ fileName, fileType })
  throw UploadError.local('argument', 'cover: expected a name with an extension, or the media type of an image')
}

function readUploader({ getSignature, credentials }: UploadOptions): Credentials {
  if (getSignature !== undefined && credentials === undefined) return ugcCredentials(getSignature)
  if (credentials !== undefined && getSignature === undefined) return credentials
  throw UploadError.local('argument', 'expected one of getSignature and credentials')
}

function describe(source: Source): Partial<FileDescription> {
  if (isNamed(source)) return describeName(source.name, source.type)
  return isBlobSource(source) ? describeName('', source.blob.type) : {}
}

function readUrl(text: string): URL {
  if (!URL.canParse(text)) throw UploadError.local('argument', `url: expected http://… or https://…, found "${text}"`)
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw UploadError.local('argument', `url: expected http://… or https://…, found ${url.protocol}`)
  }
  if (url.username !== '' || url.password !== '')
    throw UploadError.local('argument', 'url: it must not hold a password')
  const path = url.pathname.endsWith('/index.php') ? url.pathname : `${url.pathname.replace(/\/$/, '')}/v3/index.php`
  return new URL(path, url.origin)
}

function readFile(file: Partial<FileDescription>): Required<FileDescription> {
  const { fileName, fileType } = file
  if (!fileName) throw UploadError.local('argument', 'fileName: expected a name, found nothing')
  try {
    return {
      // The service may allow longer names than the protocol; it says so itself when one is too long.
      fileName: checkFileName('fileName', fileName, { ...documentedLimits, maxFileName: Infinity }),
      fileType: fileTypeField(
        new Map(fileType === undefined ? [] : [['fileType', fileType]]),
        'fileType',
        documentedLimits,
      ),
      classId: file.classId ?? 0,
      tags: file.tags ?? [],
      transcode: file.transcode ?? false,
      screenshot: file.screenshot ?? false,
      watermark: file.watermark ?? false,
    }
  } catch (cause) {
    throw UploadError.local('argument', reasonOf(cause), { cause })
  }
}

function within(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw UploadError.local('argument', `${name}: expected a whole number from ${min} to ${max}, found ${value}`)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const abort = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal.addEventListener('abort', abort, { once: true })
  })
}
