import { Writable } from 'node:stream'
import { readSettings, startService } from '@sluice/server'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { keyPair, type TestService, temporaryDirectory, vectorClockMs } from './service.ts'

/** A line of the log, read back from its JSON. */
export type LogLine = Record<string, unknown> & { level: number; msg: string }

/** Levels of the log, as lines carry them. */
export const levels = { debug: 20, info: 30, error: 50 }

/** A log that keeps its lines. */
export function keptLog() {
  const texts: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      texts.push(String(chunk))
      done()
    },
  })
  const log = pino({ level: 'debug', base: null }, stream)
  return { log, texts, lines: () => texts.map((text) => JSON.parse(text) as LogLine) }
}

export interface LoggedService extends TestService {
  readonly texts: readonly string[]
  readonly lines: () => LogLine[]
}

/** Starts a service as `startTestService` does, but with a log that is kept and a clock that only moves when told to. */
export async function startLoggedService(
  environment: Record<string, string> = {},
  {
    directory,
    startAt = vectorClockMs,
    onNow = () => {},
  }: { directory?: string; startAt?: number; onNow?: () => void } = {},
): Promise<LoggedService> {
  const dataDir = directory ?? (await temporaryDirectory())
  let time = startAt
  const settings = readSettings({
    SLUICE_DATA_DIR: dataDir,
    SLUICE_PORT: '0',
    SLUICE_APP_ID: '1251000001',
    SLUICE_SECRET_ID: keyPair.secretId,
    SLUICE_SECRET_KEY: keyPair.secretKey,
    SLUICE_MIN_FREE_SPACE: '0',
    SLUICE_PROBE: 'off', // tests count what is written
    ...environment,
  })
  const { log, texts, lines } = keptLog()
  const now = () => {
    onNow()
    return time
  }
  const service = await startService(settings, { now, log })
  onTestFinished(() => service.close())
  return {
    ...service,
    directory: dataDir,
    texts,
    lines,
    now: () => time,
    advance: (ms) => {
      time += ms
    },
    restart: async (changed = {}) => {
      await service.close()
      return startLoggedService({ ...environment, ...changed }, { directory: dataDir, startAt: time })
    },
  }
}
