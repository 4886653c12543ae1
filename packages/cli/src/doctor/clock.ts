import { limits } from '@sluice/protocol'
import { formatSeconds } from '../quantities.ts'
import { callNothing } from './address.ts'
import { failed, ok, skipped, type Verdict, warning } from './finding.ts'
import type { Subject } from './subject.ts'

/** A clock that is set by NTP is never off by as much. */
const muchS = 60

/** Whether the clocks here and there agree: signatures hold the time they were made. */
export async function checkClock({ url, now }: Subject): Promise<Verdict> {
  const askedAt = now()
  const { headers } = await callNothing(url)
  const answeredAt = now()
  const theirs = Date.parse(headers.date ?? '') + 500 // the header has whole seconds, cut off
  if (Number.isNaN(theirs)) return skipped('the answer has no Date')
  const aheadS = Math.round((theirs - (askedAt + answeredAt) / 2) / 1000)
  const offS = Math.abs(aheadS)
  if (offS <= 2) return ok('the same here and there, within 2 s')
  const finding = `the service is ${formatSeconds(offS)} ${aheadS > 0 ? 'ahead of' : 'behind'} this machine`
  const remedy = 'Set both by NTP (timedatectl set-ntp true).'
  if (offS > limits.timestampWindowS) {
    return failed(`${finding}: it refuses what is signed more than ${limits.timestampWindowS / 3600} h off`, remedy)
  }
  return offS > muchS ? warning(finding, remedy) : ok(finding)
}
