import { openSqlite } from '@sluice/server'
import { expect, it } from 'vitest'
import { audit } from './support/audit.ts'
import { startChildService } from './support/child-service.ts'
import {
  isBrokenPromise,
  type Journey,
  requireRecorded,
  requireServed,
  startJourney,
  travel,
} from './support/journey.ts'
import { type Random, seededRandom } from './support/random.ts'
import { temporaryDirectory } from './support/service.ts'
import { settledAudit } from './support/settled-audit.ts'
import { inject, noStrace } from './support/strace.ts'

const long = process.env['SLUICE_TEST_LONG'] === '1'
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000)

/** Calls by which data gets to the disk, or an answer to the client, and about how many times an upload makes them. */
const calls = { pwrite64: 60, pwritev: 2, fdatasync: 4, fsync: 5, rename: 1, write: 30 }

/** Ordinary runs go through a few of the steps, chosen by the seed; the long run through every one. */
const steps = long ? everyStep() : someSteps(seededRandom(seed), 4)

it('keeps its promises when it is killed right before a step', { timeout: 30_000 + steps.length * 15_000 }, async ({
  skip,
}) => {
  skip(noStrace !== undefined, noStrace)
  const killed: string[] = []
  for (const step of steps) {
    try {
      if (await dieAt(step)) killed.push(step)
    } catch (error) {
      throw new Error(`killed at ${step} with SLUICE_TEST_SEED=${seed}`, { cause: error })
    }
  }
  if (long) console.log(`killed at ${killed.length} of ${steps.length} steps`)
  expect(killed.length).toBeGreaterThan(0)
})

/** Sends a file to a service that is killed as it begins the n-th call of a kind; then to the one that goes on from there. */
async function dieAt(step: string): Promise<boolean> {
  const directory = await temporaryDirectory()
  const journey = startJourney('upload', seed, seededRandom(seed))
  // With one thread for files, steps come in the same order each time, and strace counts them by thread.
  const service = await startChildService(directory, { UV_THREADPOOL_SIZE: '1' })
  const injection = await inject(service.pid, step)
  const arrived = await send(service, journey)
  await service.kill()
  await injection.stop()

  const metadata = await openSqlite(directory)
  await requireRecorded(metadata, journey)
  await metadata.close()
  const next = await startChildService(directory)
  expect(await settledAudit(directory)).toEqual([])
  if (journey.path !== undefined) await requireServed(next, journey)
  expect(await send(next, journey)).toBe(true)
  await requireServed(next, journey)
  expect(audit(directory)).toEqual([])
  await next.kill()
  return !arrived
}

/** Sends until the file has arrived, or the service is no more. */
async function send(service: Parameters<typeof travel>[0], journey: Journey): Promise<boolean> {
  try {
    await travel(service, journey, { random: seededRandom(seed), onSent: () => {}, onAnswered: () => {} })
    return true
  } catch (error) {
    if (isBrokenPromise(error)) throw error
    return false
  }
}

function everyStep(): string[] {
  return Object.entries(calls).flatMap(([call, times]) =>
    Array.from({ length: times }, (_, index) => `${call}:signal=KILL:when=${index + 1}`),
  )
}

function someSteps(random: Random, count: number): string[] {
  return random
    .shuffled(Object.entries(calls))
    .slice(0, count)
    .map(([call, times]) => `${call}:signal=KILL:when=${random.between(1, times)}`)
}
