import { signedQuery } from '@sluice/protocol/signatures'
import type { Credentials } from './credentials.ts'

export interface ServerOptions {
  readonly secretId: string
  readonly secretKey: string
  /** Region as the protocol names it; Sluice does not look at it. Default none. */
  readonly region?: string
}

/** The server family: every request is signed with the app's own secret, so never where a user could read it. */
export function serverCredentials({ secretId, secretKey, region }: ServerOptions): Credentials {
  return {
    family: 'server',
    authenticate: async () => ({
      makeQuery: (call) =>
        signedQuery({
          method: 'POST',
          host: call.url.host,
          path: call.url.pathname,
          params: {
            Action: call.action,
            ...call.params,
            ...(region !== undefined && { Region: region }),
            Timestamp: String(Math.floor(call.now / 1000)),
            Nonce: String(1 + Math.floor(call.random() * (2 ** 31 - 1))),
            SecretId: secretId,
          },
          secretKey,
        }),
    }),
  }
}
