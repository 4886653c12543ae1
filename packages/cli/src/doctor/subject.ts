import type { SecretPair } from '../local-credentials.ts'
import { type Reach, reachOf } from './reach.ts'

/** The service that is looked at, from where this command runs. */
export interface Subject {
  /** Where uploads go: the address of an index.php. */
  readonly url: URL
  /** What stands before `/v2/index.php`: a prefix of a proxy, or nothing. */
  readonly prefix: string
  readonly reach: Reach
  /** Milliseconds since 1970, on this machine. */
  readonly now: () => number
}

/** An app, and where its credentials were found. */
export interface Signer {
  readonly credentials: SecretPair
  readonly credentialsFrom: string
}

/** A service together with an app of it. */
export type SignedSubject = Subject & Signer

/** Reads an address as clients do: that of an index.php as it stands, any other as what stands before `/v3/index.php`. */
export async function subjectAt(address: string, now: () => number = Date.now): Promise<Subject> {
  const url = new URL(address)
  url.search = ''
  url.hash = ''
  const prefix = url.pathname.replace(/(\/v\d)?\/[^/]*\.php$/, '').replace(/\/$/, '')
  if (!url.pathname.endsWith('/index.php')) url.pathname = `${prefix}/v3/index.php`
  return { url, prefix, reach: await reachOf(url), now }
}
