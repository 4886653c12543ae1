import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '@sluice/protocol'
import { bootstrapApp, firstAppId } from './auth/app-accounts.ts'
import { AppDirectory } from './auth/app-directory.ts'
import { KeyRule } from './auth/key-rule.ts'
import { documentedRates, unlimited } from './auth/rate-limits.ts'
import { replayGuard } from './auth/replay-guard.ts'
import { DiskBlobs } from './blobs/disk.ts'
import { makeDirectory } from './blobs/sync-directory.ts'
import type { Settings } from './config.ts'
import { KeyedLock } from './engine/keyed-lock.ts'
import { SharedRun } from './engine/shared-run.ts'
import { Slots } from './engine/slots.ts'
import { DeliverCallbacks } from './events/deliver-callbacks.ts'
import { dropEvents } from './events/drop-events.ts'
import { eventSettingsBy } from './events/event-settings.ts'
import { PullEvents } from './events/pull-events.ts'
import { queuedEvents } from './events/queued-events.ts'
import { watchEvents } from './events/watch-events.ts'
import { expireFiles } from './files/delete-file.ts'
import { removeDiscards } from './files/discard-blobs.ts'
import { fileUrls } from './files/file-url.ts'
import type { FilesDeps } from './files/files-deps.ts'
import type { AdmissionDeps } from './http/admission.ts'
import { createListener } from './http/listener.ts'
import { lockDataDir } from './metadata/data-dir-lock.ts'
import type { Credential } from './metadata/metadata.ts'
import { rememberUploads } from './metadata/recent-uploads.ts'
import { openSqlite } from './metadata/sqlite.ts'
import { createLog, type Log } from './observe/log.ts'
import { createMetrics, type QueuedEvents } from './observe/metrics.ts'
import { probeFiles } from './probe/probe-files.ts'
import type { PullDeps } from './pulls/pull-deps.ts'
import { pullFiles } from './pulls/pull-files.ts'
import { expireUploads, removeOrphans, resumeFinishes } from './uploads/expire-uploads.ts'
import type { UploadDeps } from './uploads/upload-deps.ts'
import { Verifier } from './uploads/verifier.ts'

/** How often uploads are looked at that expired or were left half-finished, and events that are old. */
const upkeepEveryMs = 60_000

/** Files of one app that may wait to be pulled. */
const maxWaitingPulls = 1_000

/** A running service. */
export interface Service {
  /** The address it listens on, such as `http://127.0.0.1:8266`. */
  readonly url: string
  /** The first app's key pair, when it was just made up: to be shown once. */
  readonly newCredential: Credential | undefined
  /** Takes no new calls, waits for those under way, and lets go of everything. Safe to call again. */
  close(): Promise<void>
}

/** What a test, or a program around the service, may put in place of the real thing. */
export interface Surroundings {
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly log?: Log
}

/** Starts the service: settings, then adapters, then listen. */
export async function startService(settings: Settings, surroundings: Surroundings = {}): Promise<Service> {
  const { now = Date.now, log = createLog(settings.SLUICE_LOG_LEVEL) } = surroundings
  const directory = settings.SLUICE_DATA_DIR
  await makeDirectory(directory)
  const undo: (() => unknown)[] = []
  const close = async () => {
    for (let step = undo.pop(); step; step = undo.pop()) await step()
  }
  try {
    const lock = lockDataDir(directory)
    undo.push(lock.release)
    const metrics = createMetrics()
    const ring = (appId: number) => {
      pulls.ring(appId)
      callbacks.ring(appId)
    }
    const metadata = rememberUploads(await openSqlite(directory, { onCommit: metrics.commit, onEvent: ring }))
    undo.push(() => metadata.close())
    const blobs = await DiskBlobs.create(directory, {
      minFreeBytes: settings.SLUICE_MIN_FREE_SPACE,
      directIo: settings.SLUICE_DIRECT_IO === 'on',
      onSync: metrics.sync,
    })
    undo.push(() => blobs.close())
    const newCredential = await bootstrapApp(metadata, givenApp(settings), now())

    const slots = new Slots(settings.SLUICE_MEMORY_BUDGET, limits.maxDataSize)
    const warm = slots.warmUp()
    undo.push(() => warm)
    const verifier = new Verifier(metadata, blobs, slots)
    undo.push(() => verifier.close())
    const settingsOf = eventSettingsBy({
      appId: settings.SLUICE_APP_ID ?? firstAppId,
      mode: settings.SLUICE_EVENT_MODE,
      url: settings.SLUICE_CALLBACK_URL,
      allowPrivate: settings.SLUICE_ALLOW_PRIVATE_CALLBACKS === 'on',
    })
    const pulls = new PullEvents({ metadata, now, onPulled: metrics.eventsPulled })
    const callbacks = new DeliverCallbacks({
      ...{ metadata, settingsOf, now, log, random: Math.random, onSent: metrics.eventSent },
      timeoutMs: limits.callbackTimeoutMs,
    })
    undo.push(() => callbacks.close())
    const counting = new SharedRun<QueuedEvents[]>() // two gauges say what one look at the queue finds
    metrics.observe({
      bytesInFlight: () => (slots.count - slots.free) * slots.slotSize,
      waitingRequests: () => slots.waiting,
      verifierLagBytes: () => verifier.lagBytes,
      openUploads: () => metadata.countUploads(),
      waitingPollers: () => pulls.waiting,
      deadEvents: () => metadata.countDead(),
      queuedEvents: () => counting.run('queued', () => queuedEvents({ metadata, settingsOf, now })),
    })

    let publicUrl = settings.SLUICE_PUBLIC_URL ?? ''
    const urls = fileUrls(() => publicUrl)
    const files: FilesDeps = { metadata, blobs, urls, now, log }
    const uploads: UploadDeps = {
      ...files,
      verifier,
      instantUpload: { server: settings.SLUICE_INSTANT_UPLOAD_SERVER, ugc: settings.SLUICE_INSTANT_UPLOAD_UGC },
      uploadTtlMs: settings.SLUICE_UPLOAD_TTL,
      partLock: new KeyedLock(),
      finishing: new SharedRun(),
    }

    const apps = new AppDirectory(metadata, now)
    const trustedProxies = settings.SLUICE_TRUSTED_PROXIES
    let draining = false
    const admission: AdmissionDeps = {
      apps,
      hostRule: { publicHosts: settings.SLUICE_PUBLIC_HOSTS, publicPaths: settings.SLUICE_PUBLIC_PATHS },
      paramLimits: { maxFileName: settings.SLUICE_MAX_FILE_NAME, maxFileSize: settings.SLUICE_MAX_FILE_SIZE },
      rateLimits: settings.SLUICE_RATE_LIMITS === 'documented' ? documentedRates() : unlimited,
      maintenance: settings.SLUICE_MAINTENANCE === 'on',
      now,
    }
    const pulling: PullDeps = {
      ...files,
      slots,
      workers: settings.SLUICE_MAINTENANCE === 'on' ? 0 : settings.SLUICE_PULL_WORKERS,
      maxWaiting: maxWaitingPulls,
      maxFileSize: settings.SLUICE_MAX_FILE_SIZE,
      totalMs: settings.SLUICE_PULL_TIMEOUT,
      idleMs: settings.SLUICE_BODY_IDLE_TIMEOUT,
      allowPrivate: settings.SLUICE_ALLOW_PRIVATE_PULLS === 'on',
    }
    const { server, drain } = createListener({
      calls: {
        uploadApi: { ...admission, uploads, metrics, log },
        vodApi: {
          ...admission,
          files,
          pulling,
          events: { metadata, pulls, settingsOf, now },
          replayGuard: replayGuard(now),
        },
        slots,
        bodyLimits: { idleMs: settings.SLUICE_BODY_IDLE_TIMEOUT, totalMs: settings.SLUICE_BODY_TIMEOUT },
        trustedProxies,
        metrics,
        log,
      },
      media: { metadata, blobs, urls, apps, keyRule: new KeyRule(now), trustedProxies, idleMs: 120_000 },
      operations: { metrics, isDraining: () => draining },
      timeLimits: { headersMs: settings.SLUICE_HEADER_TIMEOUT, keepAliveMs: settings.SLUICE_KEEP_ALIVE_TIMEOUT },
      log,
    })
    const stop = new AbortController()
    let upkeep: Promise<void> | undefined
    let probing: Promise<void> | undefined
    undo.push(() => probing)
    let watching: Promise<void> | undefined
    let pulled: Promise<void> | undefined
    undo.push(() => pulled)
    undo.push(() => watching)
    // What a round of upkeep is in the middle of, the next start takes up again.
    undo.push(() => Promise.race([upkeep, sleep(settings.SLUICE_DRAIN_TIMEOUT, undefined, { ref: false })]))
    const url = await listen(server, settings)
    publicUrl ||= url.replace(/\/\/(0\.0\.0\.0|\[::\]):/, '//localhost:') // an address of no machine leads nowhere
    undo.push(() => drain(settings.SLUICE_DRAIN_TIMEOUT))
    undo.push(() => {
      draining = true
      stop.abort()
      pulls.close()
    })
    upkeep = keepUp(uploads, stop.signal)
    if (settings.SLUICE_PROBE === 'on') probing = probeFiles({ metadata, blobs, log }, stop.signal)
    pulled = pullFiles(pulling, stop.signal)
    watching = watchEvents({ metadata, pulls, callbacks, now, log }, stop.signal)
    return { url, newCredential, close }
  } catch (error) {
    await close()
    throw error
  }
}

function givenApp(settings: Settings) {
  const { SLUICE_APP_ID: appId, SLUICE_SECRET_ID: secretId, SLUICE_SECRET_KEY: secretKey } = settings
  return secretId === undefined || secretKey === undefined ? undefined : { appId, secretId, secretKey }
}

async function listen(server: Server, { SLUICE_HOST: host, SLUICE_PORT: port }: Settings): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const name = host.includes(':') ? `[${host}]` : host
  return `http://${name}:${(server.address() as AddressInfo).port}` // a TCP server has such an address
}

/** Takes up what a crash left half-way, then goes round once a minute. */
async function keepUp(uploads: UploadDeps, signal: AbortSignal): Promise<void> {
  const everyMinute = [removeDiscards, resumeFinishes, expireUploads, expireFiles, dropEvents]
  const jobs = [removeOrphans, ...everyMinute]
  while (!signal.aborted) {
    for (const job of jobs) {
      try {
        await job(uploads)
      } catch (error) {
        uploads.log.error({ err: error, job: job.name }, 'upkeep failed')
      }
    }
    jobs.splice(0, jobs.length, ...everyMinute)
    await sleep(upkeepEveryMs, undefined, { signal }).catch(() => undefined)
  }
}
