import { checkFileName, documentedLimits, fileIdField, fileTypeField, ProtocolError, sha1Field } from '@sluice/protocol'
import { signUgc, type UgcGrant } from '@sluice/protocol/signatures'
import { BackendError } from './backend-error.ts'
import type { Connection } from './connection.ts'

/** What a user may upload. Processing follows the signature, not what the user sends. */
export type UploadGrant = Omit<UgcGrant, 'secretId' | 'secretKey' | 'signedAtS' | 'nonce'>

/**
 * Signs a user's upload of one file: the signature serves all its calls until it expires, and no other file. Throws
 * `argument` for values that the service would refuse, as users send them.
 */
export function signUpload({ secretId, secretKey, clock }: Connection, grant: UploadGrant): string {
  requireFacts(grant)
  return signUgc({ ...grant, secretId, secretKey, signedAtS: Math.floor(clock() / 1000) })
}

function requireFacts({ fileSha, fileName, fileType, coverOf, validS = 1 }: UploadGrant): void {
  const params = new Map(Object.entries({ fileSha, fileType, ...(coverOf !== undefined && { coverOf }) }))
  try {
    sha1Field(params, 'fileSha', documentedLimits)
    fileTypeField(params, 'fileType', documentedLimits)
    if (coverOf !== undefined) fileIdField(params, 'coverOf', documentedLimits)
    // The service may allow longer names than the protocol; it says so itself when one is too long.
    checkFileName('fileName', fileName, { ...documentedLimits, maxFileName: Infinity })
  } catch (error) {
    if (error instanceof ProtocolError) throw new BackendError('argument', error.message, { cause: error })
    throw error
  }
  if (!(Number.isInteger(validS) && validS > 0)) {
    throw new BackendError('argument', `validS: expected whole seconds, found ${validS}`)
  }
}
