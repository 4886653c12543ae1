import { hasLocalStore, withLocalStore } from './local-store.ts'

/** A pair of credentials of one app. */
export interface SecretPair {
  readonly secretId: string
  readonly secretKey: string
}

/** The newest key pair of the first app of a service on this machine, found through its data directory, if there is one. */
export async function localCredentials(): Promise<SecretPair | undefined> {
  if (!hasLocalStore()) return undefined
  return withLocalStore(async (metadata) => {
    const app = (await metadata.listApps()).find(({ disabledAt }) => disabledAt === null)
    const valid = app ? await metadata.listCredentials(app.appId) : []
    return valid.findLast(({ expiresAt }) => expiresAt === null)
  })
}
