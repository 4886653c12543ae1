import type { ActionName } from '@sluice/protocol'
import { keepAuthenticated } from './authenticate.ts'
import type { HashedFile } from './credentials.ts'
import type { Settings } from './options.ts'
import type { ProgressCount } from './progress.ts'
import { repeat } from './retry.ts'
import type { TransportAnswer, TransportRequest } from './transport.ts'
import { reasonOf, UploadError } from './upload-error.ts'

/** What a call needs beside its action. */
export interface CallInput extends Pick<TransportRequest, 'body' | 'onSent'> {
  readonly params: Readonly<Record<string, string | number>>
}

/**
 * Makes a call, repeats it as the retry policy has it, and reads the answer with `read`. `makeInput` is called for every
 * attempt.
 */
export type Send = <T>(
  action: ActionName,
  makeInput: () => CallInput | Promise<CallInput>,
  read: (action: ActionName, answer: TransportAnswer) => T,
  signal: AbortSignal,
) => Promise<T>

/** Authenticates a file's calls. Every failure that is no answer is told to `onNoAnswer`. */
export async function openSend(
  file: HashedFile,
  settings: Settings,
  progress: ProgressCount,
  onNoAnswer: () => void,
): Promise<Send> {
  const { url, transport, clock, random, network } = settings
  const online = (signal: AbortSignal) => progress.waiting('network', () => network.online(signal))
  const authenticated = await keepAuthenticated(file, settings, online)

  return (action, makeInput, read, signal) => {
    const request = async () => {
      const { params, body, onSent } = await makeInput()
      signal.throwIfAborted()
      const texts = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
      return authenticated(async ({ makeQuery }) => {
        const query = makeQuery({ action, url, params: texts, now: clock(), random })
        let answer: TransportAnswer
        try {
          answer = await transport({
            url: `${url.href}?${query}`,
            signal,
            ...(body && { body }),
            ...(onSent && { onSent }),
          })
        } catch (cause) {
          signal.throwIfAborted()
          onNoAnswer()
          throw noAnswer(action, url, cause)
        }
        return read(action, answer)
      })
    }
    return repeat(request, { ...settings, signal, acknowledged: progress.acknowledgements, online })
  }
}

function noAnswer(action: ActionName, url: URL, cause: unknown): UploadError {
  return UploadError.local(
    'network',
    `${action} got no answer from ${url.host}: ${reasonOf(cause)}; check that the service runs and can be reached`,
    { action, canRetry: 1, cause },
  )
}
