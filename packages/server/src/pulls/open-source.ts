import type { IncomingMessage } from 'node:http'
import { outboundRequest } from '../outbound/outbound-request.ts'
import type { PullDeps } from './pull-deps.ts'

/** A pull that cannot succeed, however often it is tried. Its message says why, for the app. */
export class PullRefused extends Error {
  override readonly name = 'PullRefused'
}

const maxRedirects = 5

/** A page that says why there is no video, with status 200; what is served without a type, or as any bytes, may be one. */
const notMedia = /^\s*(text\/|application\/(json|xml|xhtml\+xml|javascript)\b)/i

/** Asks for the bytes of an address. Redirects are followed a few times, each as guarded as the first address. */
export async function openSource(
  { allowPrivate, lookup, idleMs }: Pick<PullDeps, 'allowPrivate' | 'lookup' | 'idleMs'>,
  address: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = new URL(address)
  for (let hops = 0; hops <= maxRedirects; hops++) {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'User-Agent': 'Sluice', Accept: '*/*', 'Accept-Encoding': 'identity' }
      const request = outboundRequest(url, { allowPrivate, headers, signal, ...(lookup && { lookup }) })
      request.on('response', resolve).on('error', reject)
      request.setTimeout(idleMs, () => request.destroy(new Error(`nothing came for ${idleMs / 1000} s`)))
      request.end()
    })
    const { statusCode = 0, headers } = response
    const type = headers['content-type'] ?? ''
    if (statusCode === 200 && !notMedia.test(type)) return response
    response.on('error', () => {}).destroy()
    if (statusCode === 200) throw new PullRefused(`the source is ${type.slice(0, 100)}, expected a video`)
    if (![301, 302, 303, 307, 308].includes(statusCode)) {
      const message = `the source answered with status ${statusCode}`
      throw statusCode >= 500 || statusCode === 429 || statusCode === 408
        ? new Error(message)
        : new PullRefused(message)
    }
    if (!headers.location || !URL.canParse(headers.location, url.href))
      throw new PullRefused('a redirect leads nowhere')
    url = new URL(headers.location, url)
  }
  throw new PullRefused(`the source redirects more than ${maxRedirects} times`)
}
