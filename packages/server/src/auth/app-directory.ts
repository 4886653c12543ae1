import { ProtocolError } from '@sluice/protocol'
import type { App, Metadata } from '../metadata/metadata.ts'
import { type AppSettings, readAppSettings } from '../settings/app-settings.ts'
import { Believed } from './believed.ts'

/** Who holds a key pair. */
export interface KeyHolder {
  readonly secretKey: string
  readonly app: App
}

/** Finds key pairs and apps' settings, asking the store for each at most every two seconds. */
export class AppDirectory {
  readonly #metadata: Pick<Metadata, 'findCredential' | 'findApp'>
  readonly #now: () => number
  readonly #holders = new Believed((secretId: string) => this.#lookForHolder(secretId))
  readonly #settings = new Believed((appId: number) => this.#lookForSettings(appId))

  constructor(metadata: Pick<Metadata, 'findCredential' | 'findApp'>, now: () => number) {
    this.#metadata = metadata
    this.#now = now
  }

  /** Throws `signature` (-10002) when nobody holds that SecretId, the same as when a signature is wrong. */
  find(secretId: string): Promise<KeyHolder> {
    return this.#holders.get(secretId)
  }

  /** The settings of an app; of one that there is none of, the defaults. */
  settingsOf(appId: number): Promise<AppSettings> {
    return this.#settings.get(appId)
  }

  async #lookForHolder(secretId: string): Promise<KeyHolder> {
    const credential = await this.#metadata.findCredential(secretId)
    const app = credential && (await this.#metadata.findApp(credential.appId))
    if (!credential || !app || (credential.expiresAt !== null && credential.expiresAt <= this.#now())) {
      throw new ProtocolError('signature', 'signature mismatch', { codeDesc: '4100' })
    }
    return { secretKey: credential.secretKey, app }
  }

  async #lookForSettings(appId: number): Promise<AppSettings> {
    return readAppSettings((await this.#metadata.findApp(appId)) ?? { settings: {} })
  }
}
