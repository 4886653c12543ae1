import type { VodAction, VodActionName } from '@sluice/protocol'
import { vodActions } from '@sluice/protocol'
import type { BackendError } from './backend-error.ts'

const baseMs = 300
const capMs = 10_000

/** How long to wait after so many failures in a row: full jitter below 300 ms, doubled each time up to 10 s. */
export function delayMs(failures: number, random: () => number): number {
  return Math.floor(random() * Math.min(capMs, baseMs * 2 ** (failures - 1)))
}

/** Actions that change something and come out the same when they are done twice. */
const repeatable: ReadonlySet<VodActionName> = new Set([
  'ConfirmEvent',
  'CreateVodTags',
  'DeleteVodTags',
  'ModifyClass',
  'ModifyVodInfo',
  'PullEvent',
])

/** Whether a call that failed may be made again: it can succeed, and is not done twice if that matters. */
export function mayRepeat(action: VodActionName, { canRetry, mayBeDone }: BackendError): boolean {
  const { reads }: VodAction = vodActions[action]
  return canRetry && (!mayBeDone || reads || repeatable.has(action))
}
