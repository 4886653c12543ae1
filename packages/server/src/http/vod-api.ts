import {
  type VodAction,
  type VodActionName,
  type VodEnvelope,
  VodError,
  vodActionNamed,
  vodActions,
} from '@sluice/protocol'
import { authenticateServer } from '../auth/authenticate.ts'
import type { ReplayGuard } from '../auth/replay-guard.ts'
import type { EventDeps } from '../events/event-deps.ts'
import type { FilesDeps } from '../files/files-deps.ts'
import type { PullDeps } from '../pulls/pull-deps.ts'
import type { AdmissionDeps } from './admission.ts'
import { findDuplicate, type RawCall, type Trace } from './received-call.ts'
import { vodAnswers } from './vod-actions.ts'

export interface VodApiDeps extends AdmissionDeps {
  readonly events: EventDeps
  readonly files: FilesDeps
  readonly pulling: PullDeps
  readonly replayGuard: ReplayGuard
}

/** Performs one call of the management API: check, authenticate, act. `gone` aborts when the client hangs up. */
export async function performVodCall(
  deps: VodApiDeps,
  raw: RawCall,
  gone: AbortSignal,
  trace: Trace,
): Promise<VodEnvelope> {
  const action = requireAction(raw)
  trace.action = action
  const caller = await authenticateServer(deps, raw)
  const { appId } = caller.app
  trace.appId = appId
  const { reads, perMinute }: VodAction = vodActions[action]
  if (deps.maintenance && !reads) throw new VodError('unavailable', 'the service is in maintenance')
  deps.replayGuard(caller.params, { readsOnly: reads })
  await deps.rateLimits(appId, { bucket: action, perMinute }, gone)
  return vodAnswers[action](deps, caller, gone)
}

/** Finds the action of a call that has a form it can have: a GET with a query, or a POST whose body is a form. */
function requireAction({ named = '', isForm, method, pairs }: RawCall): VodActionName {
  if (method !== 'GET' && method !== 'POST') throw new VodError('method', `expected GET or POST, found ${method}`)
  const action = vodActionNamed(named)
  if (!action) throw new VodError('elsewhere', `Action: this service has no ${named}`)
  const refuse = (message: string) => new VodError('parameters', message)
  if (method === 'POST' && !isForm) throw refuse('a POST has its parameters in a form')
  // Else the one in the query would count, which is not signed.
  if (!pairs.some(({ name }) => name === 'Action')) throw refuse('Action: missing in the form')
  const duplicate = findDuplicate(pairs)
  if (duplicate !== undefined) throw refuse(`${duplicate}: given twice`)
  return action
}
