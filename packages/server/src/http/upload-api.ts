import type { IncomingMessage, ServerResponse } from 'node:http'
import type { BlockList } from 'node:net'
import { type ActionName, type Envelope, type ErrorName, ProtocolError } from '@sluice/protocol'
import { type AuthDeps, authenticate, type ReceivedCall } from '../auth/authenticate.ts'
import type { RateLimits } from '../auth/rate-limits.ts'
import type { Slots } from '../engine/slots.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { UploadDeps } from '../uploads/upload-deps.ts'
import { Body, BodyAborted, type BodyLimits } from './body.ts'
import { receiveCall } from './received-call.ts'
import { errorAnswer, reply } from './reply.ts'
import { uploadActions } from './upload-actions.ts'

export interface UploadApiDeps extends AuthDeps {
  readonly uploads: UploadDeps
  readonly slots: Slots
  readonly bodyLimits: BodyLimits
  readonly rateLimits: RateLimits
  readonly trustedProxies: BlockList
  /** Whether uploads are refused for now, with -6200. */
  readonly maintenance: boolean
  readonly metrics: Metrics
  readonly log: Log
}

/** What becomes known of a call while it is worked on; the log line at its end says it. */
interface Trace {
  call?: ReceivedCall
  appId?: number
}

/** Answers one call of the upload protocol: receive, authenticate, act; then drain what is left of the body, and reply. */
export async function handleUploadCall(
  deps: UploadApiDeps,
  request: IncomingMessage,
  response: ServerResponse,
  target: { readonly path: string; readonly query: string },
  requestId: string,
): Promise<void> {
  const startedAt = performance.now()
  const trace: Trace = {}
  const body = new Body(request, deps.slots, deps.bodyLimits)
  let answer: Envelope
  let failure: unknown
  try {
    answer = await perform(deps, request, target, body, trace)
  } catch (error) {
    failure = error
    answer = errorAnswer(error, requestId)
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

async function perform(
  deps: UploadApiDeps,
  request: IncomingMessage,
  target: { readonly path: string; readonly query: string },
  body: Body,
  trace: Trace,
): Promise<Envelope> {
  const call = await receiveCall(request, target, body, deps.trustedProxies)
  trace.call = call
  if (call.action === 'Report') return uploadActions.Report(deps.log, call)
  const caller = await authenticate(deps, call)
  trace.appId = caller.app.appId
  if (deps.maintenance) throw new ProtocolError('unavailable', 'the service is in maintenance', { codeDesc: '6200' })
  await deps.rateLimits(caller.app.appId, call.action, body.gone)
  const answer = await uploadActions[call.action](deps, caller, body)
  return answer
}

function report(
  { metrics, log }: UploadApiDeps,
  { call, appId }: Trace,
  code: number | 'aborted',
  outcome: { requestId: string; answer: Envelope; failure: unknown; startedAt: number },
): void {
  const durationMs = performance.now() - outcome.startedAt
  const action: ActionName | 'unknown' = call?.action ?? 'unknown'
  metrics.request(action, code, durationMs)
  const isPart = action === 'UploadPart' || action === 'UploadPartEx'
  if (isPart && code === 0 && !log.isLevelEnabled('debug')) return
  const { requestId, answer, failure } = outcome
  const message = (failure instanceof BodyAborted ? failure.message : answer.message) || undefined
  const line = { requestId, action, appId, code, message, durationMs: Math.round(durationMs) }
  if (isOurs(failure)) log.error({ ...line, err: failure }, 'call')
  else log[isPart && code === 0 ? 'debug' : 'info'](line, 'call')
}

/** Whether a failure is for the operator to look into; the others are the caller's, or nobody's. */
function isOurs(failure: unknown): boolean {
  if (failure === undefined || failure instanceof BodyAborted) return false
  if (!(failure instanceof ProtocolError)) return true
  // With neither a code of the store's own nor a cause it only came at the wrong moment, as a part while Finish runs.
  return ours.has(failure.errorName) && (failure.codeDesc !== '' || failure.cause !== undefined)
}

const ours: ReadonlySet<ErrorName> = new Set(['internal', 'writeFailed', 'readFailed'])
