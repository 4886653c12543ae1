import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createBackend } from '@sluice/backend'
import { splitQuery, vodSuccess } from '@sluice/protocol'
import { readPairs, verifyServerSignature } from '@sluice/protocol/signatures'
import { onTestFinished } from 'vitest'

export const keys = { secretId: 'AKIDtest', secretKey: 'key-of-the-test' }

/** A call as the service met it. */
export interface MetCall {
  readonly action: string
  readonly params: ReadonlyMap<string, string>
  /** From 0. */
  readonly nth: number
}

/** An answer; a status; a text that is no answer; a connection that breaks; silence. */
export type Reply = object | number | string | 'reset' | 'silence'

/** The envelope of an answer that succeeded, or of one that failed. */
export const done = (members: object = {}) => vodSuccess(members)
export const failed = (code: number) => ({ code, message: 'refused', codeDesc: 'Some' })

/** A service that checks signatures and answers what the script says, and a backend for it that never waits. */
export async function startScript(script: (call: MetCall) => Reply | Promise<Reply>, signHost?: string) {
  const calls: MetCall[] = []
  const slept: number[] = []
  const server = createServer(async (request, response) => {
    let form = ''
    for await (const piece of request.setEncoding('latin1')) form += piece
    const pairs = splitQuery(form)
    const params = readPairs(pairs, 'decoded')
    const host = signHost ?? request.headers.host ?? ''
    const received = { method: request.method ?? '', hosts: [host], paths: [request.url ?? ''], pairs }
    const call = { action: params.get('Action') ?? '', params, nth: calls.length }
    calls.push(call)
    const isSigned = verifyServerSignature(received, keys.secretKey) !== undefined
    const reply = isSigned ? await script(call) : failed(4100)
    if (reply === 'silence') return
    if (reply === 'reset') request.socket.resetAndDestroy()
    else if (typeof reply === 'number') response.writeHead(reply).end()
    else response.end(typeof reply === 'string' ? reply : JSON.stringify(reply))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sleep = async (ms: number) => void slept.push(ms)
  const options = { url, ...keys, sleep, random: () => 0.5, ...(signHost && { signHost }) }
  return { url, calls, slept, options, backend: createBackend(options) }
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it was expected to reject')
    },
    (error: unknown) => error,
  )
}
