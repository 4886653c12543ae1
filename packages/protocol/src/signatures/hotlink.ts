import { createHash } from 'node:crypto'
import type { QueryPair } from '../query.ts'

/** What a protected play address says, as it stands in its query; absent ones are left out. */
export interface HotlinkTerms {
  /** Expiry, Unix seconds in lower-case hex. */
  readonly t: string
  /** Preview length in seconds, decimal; 0 or absent for all of it. */
  readonly exper?: string
  /** Most client addresses, decimal; absent for any number. */
  readonly rlimit?: string
  /** Random text. */
  readonly us?: string
}

/** A protected play address: `dir` is the path without the file name, with its slashes. */
export interface HotlinkGrant extends HotlinkTerms {
  readonly key: string
  readonly dir: string
}

type Term = keyof HotlinkTerms | 'sign'

/** The order in which a play address names its terms. Another order is another address, and fails. */
const order: readonly Term[] = ['t', 'exper', 'rlimit', 'us', 'sign']

/** The `sign` of a protected play address: an MD5 in lower-case hex. */
export function signHotlink({ key, dir, t, exper = '', rlimit = '', us = '' }: HotlinkGrant): string {
  return createHash('md5').update(`${key}${dir}${t}${exper}${rlimit}${us}`).digest('hex')
}

/** The query of a protected play address: its terms in their order, then their `sign`. */
export function hotlinkQuery(grant: HotlinkGrant): string {
  const values = { ...grant, sign: signHotlink(grant) }
  return order.flatMap((name) => (values[name] === undefined ? [] : [`${name}=${values[name]}`])).join('&')
}

/**
 * Reads the terms off the query of a play address; names that are none of them are passed over. `undefined` when `t` or
 * `sign` is missing, or when the terms are out of order or given twice.
 */
export function readHotlink(pairs: readonly QueryPair[]): (HotlinkTerms & { readonly sign: string }) | undefined {
  const values: Partial<Record<Term, string>> = {}
  let next = 0
  for (const { name, value } of pairs) {
    const place = (order as readonly string[]).indexOf(name)
    const term = order[place]
    if (term === undefined) continue
    if (place < next) return undefined
    values[term] = value
    next = place + 1
  }
  const { t, sign, ...rest } = values
  return t === undefined || sign === undefined ? undefined : { t, ...rest, sign }
}
