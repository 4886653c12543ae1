import { timingSafeEqual } from 'node:crypto'
import { limits, splitQuery } from '@sluice/protocol'
import { readHotlink, signHotlink } from '@sluice/protocol/signatures'
import { ViewerCounts } from './viewer-counts.ts'

/** A request to play, as the Key rule sees it. */
export interface SignedPlay {
  /** The path without the file name, as it arrived and as it is in the public address. */
  readonly dirs: readonly string[]
  /** Undecoded. */
  readonly query: string
  /** Who asks. */
  readonly address: string
  /** Length of the video in seconds, as far as it is known. */
  readonly durationS: number | undefined
}

/** The Key rule: play addresses are signed by the app, for a time, and maybe for so many viewers. */
export class KeyRule {
  readonly #now: () => number
  readonly #viewers = new ViewerCounts()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Says why this may not be played; `undefined` when it may, and then the viewer counts. */
  refusal(key: string, { dirs, query, address, durationS }: SignedPlay): string | undefined {
    const link = readHotlink(splitQuery(query))
    if (!link || !dirs.some((dir) => isEqual(link.sign, signHotlink({ key, dir, ...link })))) {
      return 'the address is not signed, or not rightly'
    }
    const { t, exper = '0', rlimit = '', sign } = link
    // The signature runs the values together: a longer t could be this one and what stood behind it.
    if (!/^[0-9a-f]{8}$/.test(t) || !/^\d{1,9}$/.test(exper) || !/^(|[1-9]\d{0,8})$/.test(rlimit)) {
      return 't, exper or rlimit is no such number'
    }
    const endsAt = (Number.parseInt(t, 16) + limits.hotlinkGraceS) * 1000
    if (this.#now() > endsAt) return 'the address has expired'
    // Without a transcoder there is nothing to cut at: a preview is the whole video or none of it.
    const previewS = Number(exper)
    if (previewS > 0 && !(durationS !== undefined && durationS <= previewS)) return 'previews are not served'
    if (rlimit !== '' && !this.#viewers.admit(sign, address, Number(rlimit)))
      return 'too many viewers have this address'
    return undefined
  }
}

function isEqual(given: string, expected: string): boolean {
  return (
    given.length === expected.length && timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(expected, 'latin1'))
  )
}
