import { expect, test } from 'vitest'
import { checkClock } from '../../src/doctor/clock.ts'
import { subjectAt } from '../../src/doctor/subject.ts'
import { proxyTo } from './proxy.ts'
import { shareDoctored } from './service.ts'

const service = shareDoctored()

const checkAt = async (url: string, offMs: number) => checkClock(await subjectAt(url, () => Date.now() + offMs))

test('clocks that agree are good', async () => {
  expect(await checkAt(service().url, 0)).toEqual({ state: 'ok', finding: 'the same here and there, within 2 s' })
})

test.each([
  { off: 20_000, state: 'ok', finding: /^the service is (19|20|21) s behind this machine$/ },
  { off: -200_000, state: 'warning', finding: /^the service is 3 min (19|20|21) s ahead of this machine$/ },
  { off: 7_190_000, state: 'warning', finding: /^the service is 1 h 59 min behind this machine$/ },
  {
    off: 7_260_000,
    state: 'failed',
    finding: /^the service is 2 h 1 min behind .*: it refuses what is signed more than 2 h off$/,
  },
])('$off ms off is $state', async ({ off, state, finding }) => {
  expect(await checkAt(service().url, off)).toMatchObject({ state, finding: expect.stringMatching(finding) })
})

test('without a Date there is nothing to compare', async () => {
  const url = await proxyTo(service().url, {
    answers: (_, response) => {
      response.sendDate = false
      return false
    },
    returns: ({ date: _, ...headers }) => headers,
  })
  expect(await checkAt(url, 0)).toEqual({ state: 'skipped', finding: 'the answer has no Date' })
})
