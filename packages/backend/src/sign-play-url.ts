import { randomBytes } from 'node:crypto'
import { hotlinkQuery } from '@sluice/protocol/signatures'
import { BackendError } from './backend-error.ts'

/** Who may play a protected file, and for how long. */
export interface PlayGrant {
  /** The app's hotlinkKey. */
  readonly key: string
  /** Seconds until no more is played; the service adds 5 minutes. Default 3 600. */
  readonly validS?: number
  /** Seconds of a preview: the service refuses longer videos. Default none: all may be played. */
  readonly previewS?: number
  /** Client addresses that may play. Default any number. */
  readonly maxAddresses?: number
  /** Unix seconds. Default: now. */
  readonly nowS?: number
}

/**
 * Signs the address of a file of an app that has a hotlinkKey: what `fileUrl` of an event or `url` of an answer says. The
 * signature holds for all that lies beside it, such as its covers. Throws `argument` naming what is wrong.
 */
export function signPlayUrl(address: string, grant: PlayGrant): string {
  const { key, validS = 3_600, previewS, maxAddresses, nowS = Math.floor(Date.now() / 1000) } = grant
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.search !== '') {
    throw new BackendError('argument', `expected the address of a file without a query, found "${address}"`)
  }
  if (!key) throw new BackendError('argument', 'key: expected the app’s hotlinkKey, found nothing')
  const query = hotlinkQuery({
    key,
    dir: url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1),
    t: (nowS + count('validS', validS)).toString(16),
    ...(previewS !== undefined && { exper: String(count('previewS', previewS)) }),
    ...(maxAddresses !== undefined && { rlimit: String(count('maxAddresses', maxAddresses)) }),
    us: randomBytes(5).toString('hex'),
  })
  return `${url.href}?${query}`
}

function count(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new BackendError('argument', `${name}: expected a whole number above 0, found ${value}`)
}
