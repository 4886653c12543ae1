/** A pair of credentials of one app. */
export interface SecretPair {
  readonly secretId: string
  readonly secretKey: string
}

/** The credentials of the first app of a service on this machine; `undefined` when there is none. */
export async function localCredentials(): Promise<SecretPair | undefined> {
  return undefined
}
