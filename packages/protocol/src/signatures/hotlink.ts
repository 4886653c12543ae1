import { createHash } from 'node:crypto'

/** A protected play address: `dir` is the path without the file name; the rest are query values, absent ones left out. */
export interface HotlinkGrant {
  readonly key: string
  readonly dir: string
  /** Expiry, Unix seconds in lower-case hex. */
  readonly t: string
  /** Preview length in seconds. */
  readonly exper?: string
  /** Most client addresses. */
  readonly rlimit?: string
  /** Random text. */
  readonly us?: string
}

/** The `sign` of a protected play address: an MD5 in lower-case hex. */
export function signHotlink({ key, dir, t, exper = '', rlimit = '', us = '' }: HotlinkGrant): string {
  return createHash('md5').update(`${key}${dir}${t}${exper}${rlimit}${us}`).digest('hex')
}
