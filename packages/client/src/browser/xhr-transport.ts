import { bodyBytes, type Transport } from '../transport.ts'

export interface XhrTransportOptions {
  /** How long no byte of a body may move before the connection is given up. Default 30 000. */
  readonly stallTimeoutMs?: number
  /** How long to wait for an answer once the body is sent. Default 60 000. */
  readonly answerTimeoutMs?: number
}

/** Sends with XMLHttpRequest, which tells how much of a body has gone out; fetch does not. */
export function xhrTransport({
  stallTimeoutMs = 30_000,
  answerTimeoutMs = 60_000,
}: XhrTransportOptions = {}): Transport {
  return ({ url, body, signal, onSent }) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const call = new XMLHttpRequest()
      let timer: ReturnType<typeof setTimeout> | undefined
      const giveUp = (reason: unknown) => {
        end()
        reject(reason)
        call.abort()
      }
      const abort = () => giveUp(signal.reason)
      const end = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
      }
      const allow = (ms: number, what: string) => {
        clearTimeout(timer)
        timer = setTimeout(() => giveUp(new Error(`${what} for ${ms} ms`)), ms)
      }
      const awaitAnswer = () => {
        onSent?.(bodyBytes(body))
        allow(answerTimeoutMs, 'no answer')
      }

      signal.addEventListener('abort', abort)
      call.open('POST', url)
      call.setRequestHeader('content-type', 'application/octet-stream')
      call.upload.onprogress = ({ loaded }) => {
        onSent?.(loaded)
        allow(stallTimeoutMs, 'nothing moved')
      }
      call.upload.onload = awaitAnswer
      call.onload = () => {
        end()
        resolve({ status: call.status, text: call.responseText })
      }
      call.onerror = () => {
        end()
        reject(new Error('the connection failed'))
      }
      if (bodyBytes(body) === 0) awaitAnswer()
      else allow(stallTimeoutMs, 'nothing moved')
      call.send((body as XMLHttpRequestBodyInit | undefined) ?? null) // DOM's types want memory that is not shared
    })
}
