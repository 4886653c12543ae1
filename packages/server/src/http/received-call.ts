import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import { ProtocolError, percentDecode, type QueryPair, splitQuery, VodError, vodActionNamed } from '@sluice/protocol'
import type { SignedCall } from '../auth/authenticate.ts'
import type { Body } from './body.ts'
import { isTrusted } from './client-address.ts'
import { formReader } from './forms.ts'

/** Room for fifty long addresses to pull from. */
const maxFormSize = 262_144

/** More parameters than any call has: checking a signature sorts and joins them several times over. */
const maxPairs = 1_000

/** A call of either API as it was received: nothing of it is checked yet. */
export interface RawCall extends SignedCall {
  /** What it names as its Action. */
  readonly named: string | undefined
  /** Whether its parameters came in the body. */
  readonly isForm: boolean
}

/** What becomes known of a call while it is worked on; the log line at its end says it. */
export interface Trace {
  action?: string
  appId?: number
}

/**
 * Reads a call off a request: its parameters are in the query, or in a form when the query names no Action. For an
 * action of the management API a POST is a form whatever the query says. Throws `parameters` (4000) for a form that is too
 * long, `commonParameters` (-10001) for too many parameters in a query.
 */
export async function receiveCall(
  request: IncomingMessage,
  target: { readonly path: string; readonly query: string },
  body: Body,
  trustedProxies: BlockList,
): Promise<RawCall> {
  const inQuery = splitQuery(target.query)
  const named = actionOf(inQuery)
  const mayBeForm = request.method === 'POST' && (named === undefined || vodActionNamed(named) !== undefined)
  const readForm = mayBeForm ? formReader(request.headers) : undefined
  const isForm = readForm !== undefined
  const pairs = readForm ? readForm(await readWhole(body)) : inQuery
  if (pairs.length > maxPairs) {
    const message = `expected at most ${maxPairs} parameters, found ${pairs.length}`
    throw isForm ? new VodError('parameters', message) : new ProtocolError('commonParameters', message)
  }
  return {
    named: isForm ? (actionOf(pairs) ?? named) : named,
    isForm,
    method: request.method ?? '',
    path: target.path,
    hosts: hostsOf(request, trustedProxies),
    pairs,
  }
}

/** Only the management API has forms of any length: what it answers fits whoever sends one that is too long. */
async function readWhole(body: Body): Promise<string> {
  const text = await body.readText(maxFormSize)
  if (text === undefined) throw new VodError('parameters', `expected a form of at most ${maxFormSize} bytes`)
  return text
}

/** The first parameter that is given twice; `_` in a name is `.`, but for a leading one. */
export function findDuplicate(pairs: readonly QueryPair[]): string | undefined {
  const names = new Set<string>()
  for (const pair of pairs) {
    const name = percentDecode(pair.name, true).replace(/(?!^)_/g, '.')
    if (names.has(name)) return name.slice(0, 64)
    names.add(name)
  }
  return undefined
}

function actionOf(pairs: readonly QueryPair[]): string | undefined {
  const pair = pairs.find(({ name }) => name === 'Action')
  return pair && percentDecode(pair.value, true)
}

/** What the request says of the host it was sent to; a proxy is believed only when the operator named it. */
function hostsOf({ headers, socket }: IncomingMessage, trustedProxies: BlockList): string[] {
  const forwarded = headers['x-forwarded-host']
  const trusted = forwarded !== undefined && isTrusted(socket.remoteAddress ?? '', trustedProxies)
  return [trusted ? forwarded : undefined, headers.host]
    .flat()
    .filter((host) => host !== undefined && host !== '') as string[]
}
