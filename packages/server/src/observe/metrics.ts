import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What is read when somebody asks for the metrics. */
export interface MetricSources {
  readonly bytesInFlight: () => number
  readonly waitingRequests: () => number
  readonly verifierLagBytes: () => number
  readonly openUploads: () => Promise<number>
  readonly waitingPollers: () => number
  readonly deadEvents: () => Promise<number>
  /** Events that wait to be delivered, by app. */
  readonly queuedEvents: () => Promise<readonly QueuedEvents[]>
}

export interface QueuedEvents {
  readonly appId: number
  readonly count: number
  readonly oldestAgeMs: number
}

/** The figures of one service, in the format of Prometheus. */
export interface Metrics {
  readonly request: (action: string, code: number | 'aborted', durationMs: number) => void
  readonly partStored: (bytes: number) => void
  readonly sync: (durationMs: number) => void
  readonly commit: (durationMs: number, parts: number) => void
  readonly eventsPulled: (count: number) => void
  readonly eventSent: (answered: boolean) => void
  /** Connects what is only known once the service is put together. */
  readonly observe: (sources: MetricSources) => void
  readonly contentType: string
  readonly text: () => Promise<string>
}

const storageBuckets = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'sluice_requests_total',
    help: 'Calls of the upload protocol by action and answered code',
    labelNames: ['action', 'code'],
    registers,
  })
  const durations = new Histogram({
    name: 'sluice_request_seconds',
    help: 'Time from the head of a call to its answer, by action',
    labelNames: ['action'],
    buckets: requestBuckets,
    registers,
  })
  const parts = new Counter({ name: 'sluice_parts_total', help: 'Parts acknowledged', registers })
  const partBytes = new Counter({ name: 'sluice_part_bytes_total', help: 'Bytes of acknowledged parts', registers })
  const syncs = new Histogram({
    name: 'sluice_sync_seconds',
    help: 'Time to make a group of parts of one file durable',
    buckets: storageBuckets,
    registers,
  })
  const commits = new Histogram({
    name: 'sluice_commit_seconds',
    help: 'Time of a transaction that records a group of parts',
    buckets: storageBuckets,
    registers,
  })
  const committed = new Counter({ name: 'sluice_committed_parts_total', help: 'Parts recorded in groups', registers })

  const attempts = new Counter({
    name: 'sluice_event_attempts_total',
    help: 'Times an event was given to a poller (reliable) or sent (callback)',
    labelNames: ['mode'],
    registers,
  })
  const failures = new Counter({
    name: 'sluice_event_failures_total',
    help: 'Callbacks that got no answer that counts',
    registers,
  })

  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read())
      },
    })

  return {
    request(action, code, durationMs) {
      requests.inc({ action, code })
      durations.observe({ action }, durationMs / 1000)
    },
    partStored(bytes) {
      parts.inc()
      partBytes.inc(bytes)
    },
    sync: (durationMs) => syncs.observe(durationMs / 1000),
    commit(durationMs, count) {
      commits.observe(durationMs / 1000)
      committed.inc(count)
    },
    eventsPulled: (count) => attempts.inc({ mode: 'reliable' }, count),
    eventSent(answered) {
      attempts.inc({ mode: 'callback' })
      if (!answered) failures.inc()
    },
    observe({
      bytesInFlight,
      waitingRequests,
      verifierLagBytes,
      openUploads,
      waitingPollers,
      deadEvents,
      queuedEvents,
    }) {
      gauge('sluice_bytes_in_flight', 'Memory held by parts in flight', bytesInFlight)
      gauge('sluice_waiting_requests', 'Parts that wait for memory', waitingRequests)
      gauge('sluice_verifier_lag_bytes', 'Bytes stored ahead of what the verifier has hashed', verifierLagBytes)
      gauge('sluice_open_uploads', 'Uploads that are not finished', openUploads)
      gauge('sluice_waiting_pollers', 'Calls of PullEvent that wait for an event', waitingPollers)
      gauge('sluice_dead_events', 'Events given up and kept', deadEvents)
      for (const [name, help, read] of [
        ['sluice_queued_events', 'Events that wait to be delivered, by app', ({ count }) => count],
        [
          'sluice_oldest_event_seconds',
          'Age of the oldest event that waits to be delivered, by app',
          ({ oldestAgeMs }) => oldestAgeMs / 1000,
        ],
      ] as const satisfies [string, string, (queued: QueuedEvents) => number][]) {
        new Gauge({
          name,
          help,
          labelNames: ['app'],
          registers,
          async collect() {
            const queued = await queuedEvents()
            this.reset()
            for (const one of queued) this.set({ app: one.appId }, read(one))
          },
        })
      }
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  }
}
