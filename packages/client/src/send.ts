import { type ActionName, errorTable } from '@sluice/protocol'
import type { HashedFile } from './credentials.ts'
import type { Settings } from './options.ts'
import { repeat } from './retry.ts'
import type { TransportAnswer } from './transport.ts'
import { hasCode, reasonOf, UploadError } from './upload-error.ts'

/** What a call needs beside its action. */
export interface CallInput {
  readonly params: Readonly<Record<string, string | number>>
  /** The bytes of a part. */
  readonly body?: Uint8Array
  readonly signal: AbortSignal
}

/** Makes a call, repeats it as the retry policy has it, and reads the answer with `read`. */
export type Send = <T>(
  action: ActionName,
  input: CallInput,
  read: (action: ActionName, answer: TransportAnswer) => T,
) => Promise<T>

/** Authenticates a file's calls. `acknowledged` tells the bytes acknowledged so far, for the retry policy. */
export async function openSend(file: HashedFile, settings: Settings, acknowledged: () => number): Promise<Send> {
  const { url, credentials, transport, clock, random } = settings
  const authenticate = () => credentials.authenticate(file, settings.signal)
  let authenticated = authenticate()
  await authenticated

  return (action, { params, body, signal }, read) => {
    const texts = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
    const once = async (makeQuery: typeof authenticated) => {
      const query = (await makeQuery)({ action, url, params: texts, now: clock(), random })
      let answer: TransportAnswer
      try {
        answer = await transport({ url: `${url.href}?${query}`, signal, ...(body && { body }) })
      } catch (cause) {
        signal.throwIfAborted()
        throw noAnswer(action, url, cause)
      }
      return read(action, answer)
    }
    const request = async () => {
      const used = authenticated
      try {
        return await once(used)
      } catch (error) {
        if (!isExpired(error)) throw error
        // Parts under way expire together: the first to notice gets the new signature for all.
        if (authenticated === used) authenticated = authenticate()
        return await once(authenticated)
      }
    }
    return repeat(request, { ...settings, signal, acknowledged })
  }
}

/** A UGC signature lasts for a time that a long upload can exceed. */
function isExpired(error: unknown): boolean {
  return hasCode(error, errorTable.signature.code) && error.codeDesc === '4200'
}

function noAnswer(action: ActionName, url: URL, cause: unknown): UploadError {
  return UploadError.local(
    'network',
    `${action} got no answer from ${url.host}: ${reasonOf(cause)}; check that the service runs and can be reached`,
    { action, canRetry: 1, cause },
  )
}
