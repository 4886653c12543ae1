import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import {
  type ActionName,
  actions,
  isActionName,
  ProtocolError,
  percentDecode,
  type QueryPair,
  splitQuery,
} from '@sluice/protocol'
import type { ReceivedCall } from '../auth/authenticate.ts'
import type { Body } from './body.ts'
import { isTrusted } from './client-address.ts'

const maxFormSize = 65_536

/** Reads an upload call off a request, up to and with its parameters. Throws `commonParameters` (-10001). */
export async function receiveCall(
  request: IncomingMessage,
  target: { readonly path: string; readonly query: string },
  body: Body,
  trustedProxies: BlockList,
): Promise<ReceivedCall> {
  const method = request.method ?? ''
  if (method !== 'GET' && method !== 'POST') throw refuse(`method: expected GET or POST, found ${method}`)
  const inQuery = splitQuery(target.query)
  const pairs =
    actionOf(inQuery) === undefined && isForm(request) ? splitQuery(await body.readText(maxFormSize)) : inQuery
  const action = requireAction(actionOf(pairs))
  const { methods, bytes } = actions[action]
  if (!methods.some((allowed) => allowed === method)) throw refuse(`method: ${action} must be a POST`)
  if (bytes && pairs !== inQuery)
    throw refuse(`${action}: its parameters belong in the query, its body is the file's bytes`)
  requireNoDuplicates(pairs)
  return { action, method, path: target.path, hosts: hostsOf(request, trustedProxies), pairs }
}

function actionOf(pairs: readonly QueryPair[]): string | undefined {
  const pair = pairs.find(({ name }) => name === 'Action')
  return pair && percentDecode(pair.value, true)
}

function requireAction(name: string | undefined): ActionName {
  if (name !== undefined && isActionName(name)) return name
  throw refuse(name === undefined ? 'Action: missing' : `Action: ${JSON.stringify(name.slice(0, 64))} is unknown`)
}

function requireNoDuplicates(pairs: readonly QueryPair[]): void {
  const names = new Set<string>()
  for (const pair of pairs) {
    const name = percentDecode(pair.name, true).replace(/(?!^)_/g, '.')
    if (names.has(name)) throw refuse(`${name.slice(0, 64)}: given twice`)
    names.add(name)
  }
}

function isForm({ method, headers }: IncomingMessage): boolean {
  return method === 'POST' && /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')
}

/** What the request says of the host it was sent to; a proxy is believed only when the operator named it. */
function hostsOf({ headers, socket }: IncomingMessage, trustedProxies: BlockList): string[] {
  const forwarded = headers['x-forwarded-host']
  const trusted = forwarded !== undefined && isTrusted(socket.remoteAddress ?? '', trustedProxies)
  return [trusted ? forwarded : undefined, headers.host]
    .flat()
    .filter((host) => host !== undefined && host !== '') as string[]
}

function refuse(message: string): ProtocolError {
  return new ProtocolError('commonParameters', message, { codeDesc: '4000' })
}
