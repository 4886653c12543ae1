import { checkVerifyContent } from '@sluice/protocol/signatures'

export interface ReceivedContent {
  /** The file the user claims to have uploaded. */
  readonly fileId: string
  /** The `verify_content` that the user's client got with it. */
  readonly verifyContent: string
  /** The app's verify key. */
  readonly verifyKey: string
  /** Unix seconds. Default: now. */
  readonly nowS?: number
}

/** Whether the service stored this file and told it to a client of this app within the last hour. */
export function verifyContent({
  fileId,
  verifyContent,
  verifyKey,
  nowS = Math.floor(Date.now() / 1000),
}: ReceivedContent): boolean {
  return checkVerifyContent(verifyContent, { verifyKey, fileId, nowS })
}
