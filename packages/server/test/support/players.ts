import { readdirSync, readlinkSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import type { TestService } from './service.ts'

export interface Played {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Asks for an address, which is sent as it stands. */
export function play(
  url: string,
  { method = 'GET', headers = {}, path }: { method?: string; headers?: Record<string, string>; path?: string } = {},
): Promise<Played> {
  const { hostname, port, pathname } = new URL(url)
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path: path ?? pathname, method, headers, agent: false })
    asked.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** How many finished files of a service are open. */
export function openFiles({ directory }: Pick<TestService, 'directory'>): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // it was the directory's own, or was closed meanwhile
    }
  })
  return targets.filter((target) => target.startsWith(`${directory}/files/`)).length
}
