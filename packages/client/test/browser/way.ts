import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A call on its way to the service. */
export interface PassingCall {
  readonly action: string
  /** Of a part. */
  readonly offset: number
  /** Among the parts, from 1. */
  readonly nth: number
}

/** What becomes of a call: it goes through, the connection breaks, or nothing ever moves again. */
export type Fate = 'through' | 'cut' | 'stall'

/** A way to the service that notes what the service acknowledged; `fate` decides over every call, and may take its time. */
export async function wayTo(url: string, fate: (call: PassingCall) => Fate | Promise<Fate> = () => 'through') {
  const sent: number[] = []
  const acknowledged: number[] = []
  const waiting = new Set<() => void>()

  const server = createServer(async (from, back) => {
    const query = new URL(from.url ?? '', url).searchParams
    const action = query.get('Action') ?? ''
    const offset = Number(query.get('offset'))
    const isPart = action.startsWith('UploadPart') && from.method === 'POST'
    if (isPart) sent.push(offset)
    const what = from.method === 'OPTIONS' ? 'through' : await fate({ action, offset, nth: sent.length })
    if (what === 'cut') from.destroy()
    if (what !== 'through') return
    const text = await passOn(from, back, url)
    if (isPart && text !== undefined && JSON.parse(text).code === 0) acknowledged.push(offset)
    for (const check of waiting) check()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Offsets of the parts, as often as they were sent. */
    sent,
    acknowledged,
    /** Resolves once so many parts are acknowledged. */
    stored: (parts: number) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (acknowledged.length < parts) return
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      }),
    /** Breaks everything under way. */
    cut: () => server.closeAllConnections(),
  }
}

/** Sends a request on and the answer back, which it returns; undefined when either end broke off. */
async function passOn(from: IncomingMessage, back: ServerResponse, url: string): Promise<string | undefined> {
  const to = request(url + from.url, { method: from.method ?? '', headers: from.headers, agent: false })
  from.on('close', () => from.complete || to.destroy())
  from.pipe(to)
  try {
    const [answer] = (await once(to, 'response')) as [IncomingMessage]
    let text = ''
    for await (const piece of answer.setEncoding('utf8')) text += piece
    back.writeHead(answer.statusCode ?? 0, answer.headers).end(text)
    return text
  } catch {
    back.destroy()
    return undefined
  }
}
