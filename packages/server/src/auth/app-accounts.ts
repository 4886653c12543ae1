import { randomBytes } from 'node:crypto'
import type { App, Credential, Metadata } from '../metadata/metadata.ts'

/** The id of the first app when nobody chooses one. */
export const firstAppId = 1_250_000_001

/** A new app, not stored yet. */
export function newApp(appId: number, now: number): App {
  return { appId, verifyKey: randomBytes(20).toString('hex'), disabledAt: null, createdAt: now, settings: {} }
}

/** A new key pair, not stored yet: letters and digits only, so that it survives every client's encoding. */
export function newCredential(appId: number, now: number): Credential {
  const secretId = `AKID${randomText(32)}`
  return { secretId, secretKey: randomText(40), appId, expiresAt: null, createdAt: now }
}

/** Makes an app with its first key pair; without an id, the next free one. Throws when the id is taken. */
export async function createApp(
  metadata: Metadata,
  now: number,
  appId?: number,
): Promise<{ app: App; credential: Credential }> {
  if (appId !== undefined && (await metadata.findApp(appId))) throw new Error(`app ${appId} exists already`)
  const highest = Math.max(firstAppId - 1, ...(await metadata.listApps()).map((app) => app.appId))
  const app = newApp(appId ?? highest + 1, now)
  const credential = newCredential(app.appId, now)
  await metadata.addApp(app)
  await metadata.putCredential(credential)
  return { app, credential }
}

/** The app of the environment. */
export interface BootstrapApp {
  readonly appId: number | undefined
  readonly secretId: string
  readonly secretKey: string
}

/** Sees to it that the app of the environment is there; with none given and no app yet, makes one and returns its keys. */
export async function bootstrapApp(
  metadata: Metadata,
  given: BootstrapApp | undefined,
  now: number,
): Promise<Credential | undefined> {
  if (!given) return (await metadata.listApps()).length > 0 ? undefined : (await createApp(metadata, now)).credential
  const { appId = firstAppId, secretId, secretKey } = given
  const known = await metadata.findCredential(secretId)
  if (known && known.appId !== appId) throw new Error(`SLUICE_SECRET_ID: ${secretId} belongs to app ${known.appId}`)
  // The very pair that is there stays as it is: one that was rotated out must not come back by a restart.
  if (known?.secretKey === secretKey) return undefined
  await metadata.addApp(newApp(appId, now))
  await metadata.putCredential({ secretId, secretKey, appId, expiresAt: null, createdAt: now })
  return undefined
}

function randomText(length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  let text = ''
  while (text.length < length) {
    // Bytes past the last whole alphabet are left out: each letter is as likely as any other.
    for (const byte of randomBytes(length)) if (byte < 248 && text.length < length) text += alphabet[byte % 62]
  }
  return text
}
