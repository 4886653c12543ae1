import { openSqlite } from '@sluice/server'
import { expect, it } from 'vitest'
import { changeAppSettings } from '../src/settings/app-settings.ts'
import { startLiveService, uploadStubbornly } from './support/live-service.ts'
import { type Random, seededRandom } from './support/random.ts'
import { type Receiver, startReceiver } from './support/receiver.ts'
import { callServer, sampleFile, startTestService, temporaryDirectory } from './support/service.ts'
import { callVod } from './support/vod-calls.ts'

const long = process.env['SLUICE_TEST_LONG'] === '1'
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000)
const appId = 1_251_000_001

/** An event as it arrived somewhere. */
interface Arrival {
  readonly fileId: string
  /** What names the event to the receiver. */
  readonly eventId: string
}

interface PulledEvent {
  readonly msgHandle: string
  readonly eventContent: { readonly data: { readonly fileId: string } }
}

const fire = long ? { uploads: 1_000, kills: 40 } : { uploads: 60, kills: 3 }

it(`sends the event of each of ${fire.uploads} files, whoever is killed`, { timeout: 900_000 }, async () => {
  const random = seededRandom(seed)
  const receiver = await startMortalReceiver(random)
  const directory = await temporaryDirectory()
  const live = await startLiveService(directory, { SLUICE_EVENT_MODE: 'callback', SLUICE_CALLBACK_URL: receiver.url })
  const metadata = await openSqlite(directory)
  await changeAppSettings(metadata, appId, { callbackPolicy: 'persistent' })

  const { fileIds } = await uploadUnderFire(
    random,
    async () => {
      if (random.chance(0.5)) await live.kill()
      else await receiver.die()
    },
    live,
  )
  await receiver.live()
  await expect.poll(() => metadata.countQueued(), { interval: 250, timeout: 120_000 }).toEqual([])

  const arrivals = receiver.arrivals()
  expectEachOnce(fileIds, arrivals, seed)
  const events = await metadata.listEvents({ appId, limit: 10_000 })
  expect(events.map((event) => event.fileId).sort()).toEqual([...fileIds].sort())
  expect(new Set(events.map((event) => event.state))).toEqual(new Set(['delivered']))
  if (long)
    console.log(
      `${fileIds.size} files, ${arrivals.length} callbacks arrived`,
      receiver.deaths(),
      'deaths of the receiver',
    )
  await metadata.close()
})

it.runIf(long)('gives each of 1,000 events to a poller, whoever is killed', { timeout: 900_000 }, async () => {
  const random = seededRandom(seed)
  const directory = await temporaryDirectory()
  const live = await startLiveService(directory, {})
  const metadata = await openSqlite(directory)
  const arrivals: Arrival[] = []
  let done = false
  // A poller dies with what it holds: it neither confirms nor says goodbye.
  const poller = async () => {
    while (!done) {
      try {
        const events = (await callVod(live.current(), 'PullEvent'))['eventList'] as PulledEvent[]
        if (random.chance(0.2)) continue
        for (const { msgHandle, eventContent } of events) {
          arrivals.push({ fileId: eventContent.data.fileId, eventId: msgHandle.split('.')[0] ?? '' })
        }
        const handles = events.map(({ msgHandle }, index) => [`msgHandle.${index}`, msgHandle])
        if (events.length > 0) await callVod(live.current(), 'ConfirmEvent', Object.fromEntries(handles))
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
  const pollers = Array.from({ length: 8 }, poller)
  const { fileIds } = await uploadUnderFire(random, live.kill, live)
  await expect.poll(() => metadata.countQueued(), { interval: 250, timeout: 240_000 }).toEqual([])
  done = true
  await Promise.all(pollers)
  expectEachOnce(fileIds, arrivals, seed)
  console.log(`${fileIds.size} files, ${arrivals.length} events pulled`)
  await metadata.close()
})

const crowd = long ? { pollers: 50, events: 3_000 } : { pollers: 50, events: 150 }

it(`gives ${crowd.events} events to ${crowd.pollers} pollers that lose confirms: none is lost, none held twice`, {
  timeout: 600_000,
}, async () => {
  const random = seededRandom(seed)
  const service = await startTestService({}, { frozen: true })
  let turn = 0
  let done = false
  /** Who was given an event in a turn: between two turns every lease runs out. */
  const given = new Set<string>()
  const twice: string[] = []
  const confirmed = new Map<string, number>()
  const poller = async () => {
    while (!done) {
      const turnBefore = turn
      const events = (await callVod(service, 'PullEvent'))['eventList'] as PulledEvent[]
      for (const { msgHandle, eventContent } of events) {
        const { fileId } = eventContent.data
        const key = `${fileId} in turn ${turn}`
        // An answer that was under way when the turn ended may be of either.
        if (turn === turnBefore && given.has(key)) twice.push(key)
        if (turn === turnBefore) given.add(key)
        if (random.chance(0.3)) continue
        const answer = await callVod(service, 'ConfirmEvent', { 'msgHandle.0': msgHandle })
        if (answer.code === 0) confirmed.set(fileId, (confirmed.get(fileId) ?? 0) + 1)
      }
    }
  }
  const pollers = Array.from({ length: crowd.pollers }, poller)
  const fileIds = new Set<string>()
  for (let number = 1; number <= crowd.events; number++) {
    const file = sampleFile(500 + number, number)
    const size = file.bytes.length
    const params = { fileName: 'small', fileSha: file.fileSha, fileSize: size, fileType: 'mp4', dataSize: size }
    const { fileId = '' } = await callServer(service, 'SmallFileUpload', params, { body: file.bytes })
    fileIds.add(fileId)
    if (number % 50 === 0) passTurn()
  }
  await expect
    .poll(
      () => {
        passTurn()
        return confirmed.size
      },
      { interval: 1_100, timeout: 300_000 },
    )
    .toBe(crowd.events)
  done = true
  const ended = Promise.allSettled(pollers) // a poller that is cut off by the close has nothing more to say
  await service.close()
  await ended
  expect(twice, `with SLUICE_TEST_SEED=${seed}`).toEqual([])
  expect(new Set(confirmed.keys())).toEqual(fileIds)
  expect(Math.max(...confirmed.values()), 'confirmed once each').toBe(1)

  function passTurn(): void {
    turn++
    service.advance(30_000)
  }
})

/** Uploads all files, four at a time, while something dies now and then. */
async function uploadUnderFire(
  random: Random,
  strike: () => Promise<void>,
  live: Awaited<ReturnType<typeof startLiveService>>,
): Promise<{ fileIds: Set<string> }> {
  const fileIds = new Set<string>()
  const everySo = Math.floor(fire.uploads / (fire.kills + 1))
  let next = 0
  let striking = Promise.resolve()
  const client = async () => {
    while (next < fire.uploads) {
      const number = ++next
      if (number % everySo === 0) {
        const delayMs = random.next() * 30
        striking = striking.then(() => new Promise((resolve) => setTimeout(resolve, delayMs))).then(strike)
      }
      fileIds.add(await uploadStubbornly(live, number, random.chance(0.2)))
    }
  }
  await Promise.all(Array.from({ length: 4 }, client))
  await striking
  expect(fileIds.size).toBe(fire.uploads)
  return { fileIds }
}

/** Every file's event arrived, some more than once, and each time under the same id. */
function expectEachOnce(fileIds: Set<string>, arrivals: readonly Arrival[], seed: number): void {
  const idsOf = new Map<string, Set<string>>()
  for (const { fileId, eventId } of arrivals) idsOf.set(fileId, (idsOf.get(fileId) ?? new Set()).add(eventId))
  expect([...idsOf.keys()].sort(), `with SLUICE_TEST_SEED=${seed}`).toEqual([...fileIds].sort())
  expect([...idsOf.values()].filter((ids) => ids.size !== 1)).toEqual([])
  expect(new Set(arrivals.map(({ eventId }) => eventId)).size).toBe(fileIds.size)
}

/** An app's backend that dies, at any point of a callback, and comes back at the same address. */
async function startMortalReceiver(random: Random) {
  const lives: Receiver[] = []
  let deaths = 0
  const answer: Parameters<typeof startReceiver>[0] = (response) => {
    if (random.chance(0.1)) response.destroy()
    else response.end()
  }
  const first = await startReceiver(answer)
  lives.push(first)
  const port = Number(new URL(first.url).port)
  let isAlive = true
  const live = async () => {
    if (!isAlive) lives.push(await startReceiver(answer, port))
    isAlive = true
  }
  return {
    url: first.url,
    live,
    /** Dies, or comes back when it is dead. */
    die: async () => {
      if (!isAlive) return live()
      deaths++
      isAlive = false
      lives.at(-1)?.close()
    },
    deaths: () => deaths,
    arrivals: (): Arrival[] =>
      lives.flatMap(({ received }) =>
        received.map(({ headers, body }) => ({
          eventId: String(headers['x-sluice-event-id']),
          fileId: (JSON.parse(body) as PulledEvent['eventContent']).data.fileId,
        })),
      ),
  }
}
