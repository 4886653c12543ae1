import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BlockList } from 'node:net'
import {
  type Envelope,
  type ErrorName,
  isVodActionElsewhere,
  ProtocolError,
  type VodEnvelope,
  VodError,
  vodActionNamed,
} from '@sluice/protocol'
import type { Slots } from '../engine/slots.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { Body, BodyAborted, type BodyLimits } from './body.ts'
import { takeBody } from './connection.ts'
import { type RawCall, receiveCall, type Trace } from './received-call.ts'
import { errorAnswer, reply, vodErrorAnswer } from './reply.ts'
import { RequestBody } from './request-body.ts'
import { performUploadCall, type UploadApiDeps } from './upload-api.ts'
import { performVodCall, type VodApiDeps } from './vod-api.ts'

export interface CallDeps {
  readonly uploadApi: UploadApiDeps
  readonly vodApi: VodApiDeps
  readonly slots: Slots
  readonly bodyLimits: BodyLimits
  readonly trustedProxies: BlockList
  readonly metrics: Metrics
  readonly log: Log
}

/**
 * Answers one call: receive it, have it performed by the API its Action is of, then drain what is left of the body, and
 * reply.
 */
export async function handleCall(
  deps: CallDeps,
  request: IncomingMessage,
  response: ServerResponse,
  target: { readonly path: string; readonly query: string },
  requestId: string,
): Promise<void> {
  const startedAt = performance.now()
  const trace: Trace = {}
  const body = new Body(takeBody(request.socket) ?? new RequestBody(request), deps.slots, deps.bodyLimits)
  let answer: Envelope | VodEnvelope
  let failure: unknown
  let toAnswer: typeof errorAnswer | typeof vodErrorAnswer = errorAnswer
  try {
    const call = await receiveCall(request, target, body, deps.trustedProxies)
    if (isOfVod(call)) {
      toAnswer = vodErrorAnswer
      answer = await performVodCall(deps.vodApi, call, hangUp(response), trace)
    } else {
      answer = await performUploadCall(deps.uploadApi, call, body, trace)
    }
  } catch (error) {
    failure = error
    answer = error instanceof VodError ? vodErrorAnswer(error, requestId) : toAnswer(error, requestId)
  }
  const drained = !(failure instanceof BodyAborted) && (await body.drain())
  const gone = failure instanceof BodyAborted || response.destroyed
  if (gone) response.destroy()
  else {
    if (!drained) response.setHeader('Connection', 'close')
    reply(response, answer, requestId)
    if (!drained) response.once('finish', () => request.destroy())
  }
  report(deps, trace, gone ? 'aborted' : answer.code, { requestId, answer, failure, startedAt })
}

function isOfVod({ named = '' }: RawCall): boolean {
  return vodActionNamed(named) !== undefined || isVodActionElsewhere(named)
}

/** Aborts when the connection goes before the answer is written: nobody waits for it any more. */
function hangUp(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableEnded) gone.abort(new BodyAborted('the client hung up'))
  })
  return gone.signal
}

function report(
  { metrics, log }: CallDeps,
  { action = 'unknown', appId }: Trace,
  code: number | 'aborted',
  outcome: { requestId: string; answer: Envelope | VodEnvelope; failure: unknown; startedAt: number },
): void {
  const durationMs = performance.now() - outcome.startedAt
  metrics.request(action, code, durationMs)
  const isUsual = code === 0 && usual.has(action)
  if (isUsual && !log.isLevelEnabled('debug')) return
  const { requestId, answer, failure } = outcome
  const message = (failure instanceof BodyAborted ? failure.message : answer.message) || undefined
  const line = { requestId, action, appId, code, message, durationMs: Math.round(durationMs) }
  if (isOurs(failure)) log.error({ ...line, err: failure }, 'call')
  else log[isUsual ? 'debug' : 'info'](line, 'call')
}

/** Actions that come by the thousand: what went well with them is for the debug log. */
const usual: ReadonlySet<string> = new Set(['UploadPart', 'UploadPartEx', 'PullEvent'])

/** Whether a failure is for the operator to look into; the others are the caller's, or nobody's. */
function isOurs(failure: unknown): boolean {
  if (failure === undefined || failure instanceof BodyAborted || failure instanceof VodError) return false
  if (!(failure instanceof ProtocolError)) return true
  // With neither a code of the store's own nor a cause it only came at the wrong moment, as a part while Finish runs.
  return ours.has(failure.errorName) && (failure.codeDesc !== '' || failure.cause !== undefined)
}

const ours: ReadonlySet<ErrorName> = new Set(['internal', 'writeFailed', 'readFailed'])
