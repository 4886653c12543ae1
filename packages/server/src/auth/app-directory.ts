import { ProtocolError } from '@sluice/protocol'
import type { App, Metadata } from '../metadata/metadata.ts'

/** Who holds a key pair. */
export interface KeyHolder {
  readonly secretKey: string
  readonly app: App
}

/** How long an answer of the store is believed: a rotated key or a disabled app ends that much later. */
const believedMs = 2_000

/** Key pairs remembered; the oldest go first. */
const maxRemembered = 10_000

/** Finds key pairs, asking the store for each at most every two seconds. */
export class AppDirectory {
  readonly #metadata: Pick<Metadata, 'findCredential' | 'findApp'>
  readonly #now: () => number
  readonly #known = new Map<string, { readonly holder: Promise<KeyHolder>; readonly until: number }>()

  constructor(metadata: Pick<Metadata, 'findCredential' | 'findApp'>, now: () => number) {
    this.#metadata = metadata
    this.#now = now
  }

  /** Throws `signature` (-10002) when nobody holds that SecretId, the same as when a signature is wrong. */
  async find(secretId: string): Promise<KeyHolder> {
    const now = performance.now()
    const known = this.#known.get(secretId)
    if (known && now < known.until) return known.holder
    const holder = this.#look(secretId)
    this.#known.delete(secretId)
    this.#known.set(secretId, { holder, until: now + believedMs })
    const [oldest] = this.#known.keys()
    if (this.#known.size > maxRemembered && oldest !== undefined) this.#known.delete(oldest)
    holder.catch(() => this.#known.delete(secretId)) // what is not there now may be made any moment
    return holder
  }

  async #look(secretId: string): Promise<KeyHolder> {
    const credential = await this.#metadata.findCredential(secretId)
    const app = credential && (await this.#metadata.findApp(credential.appId))
    if (!credential || !app || (credential.expiresAt !== null && credential.expiresAt <= this.#now())) {
      throw new ProtocolError('signature', 'signature mismatch', { codeDesc: '4100' })
    }
    return { secretKey: credential.secretKey, app }
  }
}
