import { hasLocalStore, withLocalStore } from './local-store.ts'

/** A pair of credentials of one app. */
export interface SecretPair {
  readonly secretId: string
  readonly secretKey: string
}

/**
 * The newest key pair of an app of a service on this machine, found through its data directory: of the first that is
 * enabled unless one is named.
 */
export async function localCredentials(appId?: number): Promise<SecretPair | undefined> {
  if (!hasLocalStore()) return undefined
  return withLocalStore(async (metadata) => {
    const app = (await metadata.listApps()).find((one) =>
      appId === undefined ? one.disabledAt === null : one.appId === appId,
    )
    const valid = app ? await metadata.listCredentials(app.appId) : []
    return valid.findLast(({ expiresAt }) => expiresAt === null)
  })
}
