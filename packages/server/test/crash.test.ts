import { openSqlite } from '@sluice/server'
import { expect, it } from 'vitest'
import { audit } from './support/audit.ts'
import { type ChildService, startChildService } from './support/child-service.ts'
import {
  isBrokenPromise,
  type Journey,
  requireRecorded,
  requireServed,
  startJourney,
  travel,
  twinOf,
} from './support/journey.ts'
import { type Random, seededRandom } from './support/random.ts'
import { temporaryDirectory } from './support/service.ts'
import { settledAudit } from './support/settled-audit.ts'

const long = process.env['SLUICE_TEST_LONG'] === '1'
const rounds = Number(process.env['SLUICE_TEST_ROUNDS'] ?? (long ? 120 : 5))
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000)

/** Uploads under way at the same time, three parts each at most. */
const atOnce = 2

interface World {
  readonly directory: string
  readonly random: Random
  readonly underWay: Journey[]
  readonly arrived: Journey[]
  /** Files on the disk that were looked at before. */
  readonly seen: Set<string>
  /** What was under way when a kill came, counted over all rounds. */
  readonly cutOff: Record<string, number>
  journeys: number
}

it(`keeps its promises through ${rounds} kills`, { timeout: 30_000 + rounds * 5_000 }, async () => {
  const random = seededRandom(seed)
  const cutOff = { Init: 0, Part: 0, Finish: 0 }
  const world: World = {
    ...{ random, cutOff, underWay: [], arrived: [], seen: new Set(), journeys: 0 },
    directory: await temporaryDirectory(),
  }
  for (let round = 1; round <= rounds; round++) {
    try {
      await liveAndDie(world, round)
    } catch (error) {
      throw new Error(`in round ${round} with SLUICE_TEST_SEED=${seed}`, { cause: error })
    }
  }
  await arriveAll(world)
  if (long) {
    console.log(`${rounds} kills, ${world.arrived.length} uploads; cut off:`, cutOff)
    expect(Math.min(...Object.values(cutOff)), 'each kind of call was cut off').toBeGreaterThan(0)
  }
})

/**
 * Starts the service on what the last kill left, sees that nothing is missing, sends on, and kills it. Bytes go past the
 * page cache in one life and through it in the next: both ways must keep the promises, and take up what the other left.
 */
async function liveAndDie(world: World, round: number): Promise<void> {
  const service = await startChildService(world.directory, { SLUICE_DIRECT_IO: round % 2 === 0 ? 'off' : 'on' })
  await requirePromises(world, service)
  await sendUntilKilled(world, service)
}

async function requirePromises({ directory, underWay, arrived, seen }: World, service: ChildService): Promise<void> {
  const metadata = await openSqlite(directory)
  try {
    for (const journey of underWay) await requireRecorded(metadata, journey)
  } finally {
    await metadata.close()
  }
  for (const journey of arrived.slice(-12)) await requireServed(service, journey)
  expect(await settledAudit(directory, seen)).toEqual([])
}

/** Lets clients send, and kills the service after some acknowledgements and a moment more. */
async function sendUntilKilled(world: World, service: ChildService): Promise<void> {
  const { random } = world
  const inFlight: Record<string, number> = { Init: 0, Part: 0, Finish: 0 }
  let acknowledgementsLeft = random.between(1, 30)
  const delayMs = random.chance(0.3) ? 0 : random.next() * 25
  const killed = Promise.withResolvers<void>()
  let dead = false

  const kill = () => {
    for (const [action, count] of Object.entries(inFlight)) world.cutOff[action] = (world.cutOff[action] ?? 0) + count
    dead = true
    service.kill().then(killed.resolve, killed.reject)
  }
  const how = {
    random,
    onSent: (action: string) => {
      inFlight[action] = (inFlight[action] ?? 0) + 1
    },
    onAnswered: (action: string) => {
      inFlight[action] = (inFlight[action] ?? 0) - 1
      if (--acknowledgementsLeft === 0) setTimeout(kill, delayMs)
    },
  }
  const client = async () => {
    while (!dead) {
      const journey = nextJourney(world)
      try {
        await travel(service, journey, how)
        world.arrived.push(journey)
      } catch (error) {
        world.underWay.push(journey)
        if (isBrokenPromise(error) || !dead) throw error
      }
    }
  }
  await Promise.all([...Array.from({ length: atOnce }, client), killed.promise])
}

/** An upload that a kill cut off, or a new one; now and then two users send the same file. */
function nextJourney(world: World): Journey {
  const { random, underWay } = world
  if (underWay.length > 0 && random.chance(0.8))
    return underWay.splice(random.between(0, underWay.length - 1), 1)[0] as Journey
  const number = ++world.journeys
  const journey = startJourney(`upload ${number}`, number, random)
  if (journey.uid !== undefined && random.chance(0.4)) underWay.push(twinOf(journey))
  return journey
}

/** Lets every upload arrive without further ado, and looks at everything once more. */
async function arriveAll(world: World): Promise<void> {
  const { directory, random, underWay, arrived } = world
  const service = await startChildService(directory)
  await requirePromises(world, service)
  for (const journey of underWay.splice(0)) {
    await travel(service, journey, { random, onSent: () => {}, onAnswered: () => {} })
    arrived.push(journey)
  }
  for (const journey of arrived) await requireServed(service, journey)
  expect(audit(directory)).toEqual([])

  const metadata = await openSqlite(directory)
  const page = { appId: undefined, limit: 10_000 }
  const shas = (await metadata.listFiles(page)).map((file) => file.fileSha)
  expect(shas.sort()).toEqual([...new Set(arrived.map((journey) => journey.file.fileSha))].sort())
  expect(await metadata.listEvents(page)).toHaveLength(shas.length)
  await metadata.close()
  await service.kill()
}
