import { type ActionName, errorTable } from '@sluice/protocol'

const later = 'upload the same file again later, what is stored is not sent twice'

/** What the user of a refused call can do about it: the end of a message, without a full stop. */
export function advice(action: ActionName, { code, codeDesc }: { readonly code: number; readonly codeDesc: string }) {
  switch (code) {
    case errorTable.commonParameters.code:
      return codeDesc === '4500'
        ? 'set the clock of this machine, it is more than two hours off'
        : 'check that the URL is that of an upload service'
    case errorTable.signature.code:
      if (!action.endsWith('Ex'))
        return 'check SecretId and SecretKey, and that SLUICE_PUBLIC_HOSTS of the service, if set, names the host of the URL'
      return codeDesc === '4200'
        ? 'get a signature that is valid for longer'
        : 'check that the signature was made for this very file, with credentials of this service'
    case errorTable.parameters.code:
      return 'change what it names'
    case errorTable.stateMissing.code:
      return 'upload the same file again'
    case errorTable.body.code:
      return bytesAdvice(action)
    case errorTable.blocked.code:
      return 'ask the operator of the service'
    default:
      return later
  }
}

/** A damaged part is repeated by itself; a whole file that is another than announced was written to meanwhile. */
function bytesAdvice(action: ActionName): string {
  return action === 'FinishUpload' || action === 'FinishUploadEx'
    ? 'the file changed while it was read, upload it again when nothing writes to it any more'
    : 'the bytes are damaged on the way, check the network or what stands between'
}
