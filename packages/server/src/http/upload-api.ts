import { type Action, type ActionName, actions, type Envelope, isActionName, ProtocolError } from '@sluice/protocol'
import { authenticate, type ReceivedCall } from '../auth/authenticate.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { UploadDeps } from '../uploads/upload-deps.ts'
import type { AdmissionDeps } from './admission.ts'
import type { Body } from './body.ts'
import { findDuplicate, type RawCall, type Trace } from './received-call.ts'
import { uploadActions } from './upload-actions.ts'

export interface UploadApiDeps extends AdmissionDeps {
  readonly uploads: UploadDeps
  readonly metrics: Metrics
  readonly log: Log
}

/** Performs one call of the upload protocol: check, authenticate, act. */
export async function performUploadCall(
  deps: UploadApiDeps,
  raw: RawCall,
  body: Body,
  trace: Trace,
): Promise<Envelope> {
  const call = requireCall(raw)
  trace.action = call.action
  if (call.action === 'Report') return uploadActions.Report(deps.log, call)
  const caller = await authenticate(deps, call)
  trace.appId = caller.app.appId
  if (deps.maintenance) throw new ProtocolError('unavailable', 'the service is in maintenance', { codeDesc: '6200' })
  const { rate }: Action = actions[call.action]
  await deps.rateLimits(caller.app.appId, rate, body.gone)
  const answer = await uploadActions[call.action](deps, caller, body)
  return answer
}

/** Throws `commonParameters` (-10001) for what is no call of an action. */
function requireCall({ named, isForm, ...signed }: RawCall): ReceivedCall {
  const { method, pairs } = signed
  if (method !== 'GET' && method !== 'POST') throw refuse(`method: expected GET or POST, found ${method}`)
  const action = requireAction(named)
  const { methods, bytes } = actions[action]
  if (!methods.some((allowed) => allowed === method)) throw refuse(`method: ${action} must be a POST`)
  if (bytes && isForm) throw refuse(`${action}: its parameters belong in the query, its body is the file's bytes`)
  const duplicate = findDuplicate(pairs)
  if (duplicate !== undefined) throw refuse(`${duplicate}: given twice`)
  return { ...signed, action }
}

function requireAction(name: string | undefined): ActionName {
  if (name !== undefined && isActionName(name)) return name
  throw refuse(name === undefined ? 'Action: missing' : `Action: ${JSON.stringify(name.slice(0, 64))} is unknown`)
}

function refuse(message: string): ProtocolError {
  return new ProtocolError('commonParameters', message, { codeDesc: '4000' })
}
