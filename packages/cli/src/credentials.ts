import { localCredentials, type SecretPair } from './local-credentials.ts'
import { dataDirectory } from './local-store.ts'

/** The app's credentials: from the environment, else those of a service on this machine. Throws when there are none. */
export async function findCredentials(env = process.env): Promise<SecretPair> {
  const secretId = env['SLUICE_SECRET_ID'] ?? ''
  const secretKey = env['SLUICE_SECRET_KEY'] ?? ''
  if (secretId !== '' && secretKey !== '') return { secretId, secretKey }
  if (secretId !== '' || secretKey !== '') {
    const missing = secretId === '' ? 'SLUICE_SECRET_ID' : 'SLUICE_SECRET_KEY'
    throw new Error(`${missing} is not set, though the other half of the credentials is`)
  }
  const local = await localCredentials()
  if (local) return local
  throw new Error(
    `no credentials: set SLUICE_SECRET_ID and SLUICE_SECRET_KEY to those of the app; ${dataDirectory()} holds no service with an enabled app`,
  )
}
