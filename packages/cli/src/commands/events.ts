import type { RecordedEvent } from '@sluice/server'
import { type Arguments, defineCommand, Misuse } from '../command.ts'
import { credentialsNotes, serviceOptions } from '../find-service.ts'
import { withLocalStore } from '../local-store.ts'
import { openBackend } from '../open-backend.ts'
import { parseWhole } from '../quantities.ts'
import { onStopSignal } from '../stop-signal.ts'
import { layOutTable } from '../table.ts'
import { pullOnce, tail } from '../take-events.ts'

const options = {
  state: { value: 'queued|delivered|dead', text: 'list: only those that are so' },
  limit: { value: 'N', text: 'list: how many, the newest first (default 50)' },
  dead: { text: 'replay: every event that was given up' },
  confirm: { text: 'pull: take the events off the queue; else they are given out again after 30 s' },
  ...serviceOptions,
  app: {
    value: 'APP_ID',
    text: 'list, replay --dead: only the events of this app; pull, tail: with its keys, on the machine of the service',
    group: 'Service',
  },
  json: { text: 'list, show: print one JSON object a line, with all there is to know' },
} as const

/** Most events that --dead replays at a time. */
const maxReplayed = 100_000

export const command = defineCommand({
  summary: 'Show, replay and pull events.',
  usage: `list [--app APP_ID] [--state STATE] [--limit N] [--json]
show EVENT_ID [--json]
replay EVENT_ID… | replay --dead [--app APP_ID]
pull [--confirm]
tail`,
  options,
  examples: [
    ['events list --state dead', 'those that no receiver took'],
    ['events replay --dead', 'puts them back into the queue'],
    ['events pull', 'what a backend would be given now'],
    ['events tail --profile work', 'prints events as they come and takes them'],
  ],
  notes: `list, show and replay work on the data directory (SLUICE_DATA_DIR, ./data), whether the service runs or not;
replayed events are delivered within a second or two.
pull and tail ask the service, with --profile or --url. tail takes events off the queue as it prints them, until it is stopped: a backend that waits for them does
not get them.

${credentialsNotes}`,

  async run({ positionals: [verb, ...more], values }) {
    if (verb !== 'show' && verb !== 'replay' && more[0] !== undefined) {
      throw new Misuse(`unexpected argument '${more[0]}'`)
    }
    switch (verb) {
      case 'list':
        return list(values)
      case 'show':
        return show(more, values.json)
      case 'replay':
        return replay(more, values)
      case 'pull':
      case 'tail':
        return take(verb, values)
      default:
        throw new Misuse(`expected list, show, replay, pull or tail, not '${verb ?? ''}'`)
    }
  },
})

type Given = Arguments<typeof options>['values']

async function list({ app, state, limit, json }: Given): Promise<number> {
  const page = {
    appId: readApp(app),
    state: state === undefined ? undefined : readState(state),
    limit: parseWhole('--limit', limit ?? '50', 1, 1_000_000),
  }
  const events = await withLocalStore((metadata) => metadata.listEvents(page))
  if (json) for (const event of events) process.stdout.write(`${JSON.stringify(event)}\n`)
  else {
    const rows = events.map(({ eventId, appId, eventType, fileId, state, createdAt }) => {
      return [String(eventId), String(appId), eventType, fileId, state, new Date(createdAt).toISOString()]
    })
    process.stdout.write(layOutTable(['EVENT', 'APP', 'TYPE', 'FILE', 'STATE', 'RECORDED'], rows))
  }
  return 0
}

async function show([eventId = '', ...more]: readonly string[], json: boolean): Promise<number> {
  if (more[0] !== undefined) throw new Misuse(`unexpected argument '${more[0]}'`)
  const id = readEventId(eventId)
  const found = await withLocalStore(async (metadata) => {
    const event = await metadata.findEvent(id)
    return event && { ...event, attempts: await metadata.listAttempts(id) }
  })
  if (!found) throw new Error(`there is no event ${id}`)
  if (json) {
    process.stdout.write(`${JSON.stringify(found)}\n`)
    return 0
  }
  const { content, attempts, ...facts } = found
  for (const [name, value] of Object.entries(facts)) process.stdout.write(`${name.padEnd(11)} ${format(name, value)}\n`)
  if (attempts.length > 0) {
    const rows = attempts.map(({ startedAt, durationMs, outcome }) => [
      format('At', startedAt),
      `${durationMs} ms`,
      outcome,
    ])
    process.stdout.write(`\n${layOutTable(['SENT', 'TOOK', 'OUTCOME'], rows)}`)
  }
  process.stdout.write(`\n${JSON.stringify(content, null, 2)}\n`)
  return 0
}

async function replay(eventIds: readonly string[], { dead, app }: Given): Promise<number> {
  if (dead === eventIds.length > 0) throw new Misuse('replay needs EVENT_IDs, or --dead')
  const appId = readApp(app)
  if (appId !== undefined && !dead) throw new Misuse('--app is for replay --dead')
  const ids = eventIds.map(readEventId)
  const missed = await withLocalStore(async (metadata) => {
    const page = { appId, state: 'dead', limit: maxReplayed } as const
    const asked = dead ? (await metadata.listEvents(page)).map((event) => event.eventId) : ids
    const missed: number[] = []
    for (const eventId of asked) if (!(await metadata.replayEvent(eventId))) missed.push(eventId)
    process.stdout.write(`${asked.length - missed.length} replayed\n`)
    return missed
  })
  if (missed.length > 0) throw new Error(`queued already, or not there: ${missed.join(', ')}`)
  return 0
}

async function take(verb: 'pull' | 'tail', values: Given): Promise<number> {
  const interrupted = new AbortController()
  onStopSignal(() => interrupted.abort())
  const { signal } = interrupted
  const backend = await openBackend(values)
  try {
    await (verb === 'tail' ? tail(backend, signal) : pullOnce(backend, values.confirm, signal))
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return 0
}

function readApp(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseWhole('--app', text, 1, 999_999_999_999_999)
}

function readEventId(text: string): number {
  return parseWhole('EVENT_ID', text, 1, 999_999_999_999_999)
}

function readState(text: string): RecordedEvent['state'] {
  if (text === 'queued' || text === 'delivered' || text === 'dead') return text
  throw new Misuse(`--state must be queued, delivered or dead, not '${text}'`)
}

/** A fact as people read it: times, and those that are not set. */
function format(name: string, value: string | number | null): string {
  const isTime = /(At|Until)$/.test(name)
  if (value === null || (isTime && value === 0)) return '-'
  return isTime ? new Date(value).toISOString() : String(value)
}
