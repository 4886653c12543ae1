import { readFileSync } from 'node:fs'

/** What a vector says of the verdict. Every member is looked at by a test; `vectors.test.ts` refuses an unknown one. */
export interface Expectation {
  readonly verdict?: 'accept' | 'reject'
  readonly uploadCode?: number
  readonly generalCode?: number
  readonly canRetry?: number
  readonly effectiveT?: number
  readonly effectiveE?: number
  readonly because?: string
  readonly requestFileSha?: string
  readonly equalsPublished?: string
}

interface Vector {
  readonly id: string
  readonly title: string
  readonly expect?: Expectation
}

interface SignedVector extends Vector {
  readonly now: number
  readonly secretId: string
  readonly secretKey: string
  readonly signature: string
  readonly expect: Expectation
}

export interface ServerVector extends SignedVector {
  readonly family: 'common'
  readonly signatureMethod: 'HmacSHA1' | 'HmacSHA256'
  readonly request: {
    readonly method: 'GET' | 'POST'
    readonly host: string
    readonly path: string
    readonly query?: string
    readonly body?: string
  }
  /** The parameters as the client meant them. */
  readonly params: Readonly<Record<string, string>>
  /** What the client put into the text it signed. */
  readonly plainTextVariant: {
    readonly host: string
    readonly path: string
    readonly values: 'decoded' | 'raw' | 'php-urlencoded'
    readonly names: 'none' | 'sort-then-rename' | 'rename-then-sort'
    readonly omitAtValues: boolean
  }
  readonly plainText: string
  readonly signedWithKey?: string
}

export interface UgcVector extends SignedVector {
  readonly family: 'ugc'
  readonly original: string
  readonly hmacSha1Hex: string
  readonly onWire: string
  /** `null` where the signature cannot be read, or not as it was made. */
  readonly fields: Readonly<Record<string, string | number>> | null
}

export interface VerifyContentVector extends Vector {
  readonly family: 'verify_content'
  readonly verifyKey: string
  readonly plainText: string
  readonly hmacSha1Hex: string
  readonly verifyContent: string
  readonly layout: 'hex40' | 'raw20'
}

/** The client signature of the next protocol generation: same construction, other fields. */
export interface ClientSignatureVector extends Omit<SignedVector, 'expect'> {
  readonly expect?: never
  readonly family: 'client-signature-v2'
  readonly original: string
  readonly hmacSha1Hex: string
}

export interface HotlinkVector extends Vector {
  readonly family: 'hotlink'
  readonly key: string
  readonly dir: string
  readonly t: string
  readonly exper?: string
  readonly rlimit?: string
  readonly us?: string
  readonly sign: string
}

export type AnyVector = ServerVector | UgcVector | VerifyContentVector | ClientSignatureVector | HotlinkVector

export interface VectorFile {
  readonly fixture: {
    readonly fileSize: number
    readonly dataSize: number
    readonly parts: readonly { readonly offset: number; readonly dataSize: number; readonly dataMd5: string }[]
  }
  readonly vectors: readonly AnyVector[]
}

/** The golden vectors, read from `vectors.json`. */
export const vectorFile: VectorFile = JSON.parse(readFileSync(new URL('../vectors.json', import.meta.url), 'utf8'))
