import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { openSqlite } from '@sluice/server'
import { onTestFinished } from 'vitest'
import { DiskBlobs } from '../../src/blobs/disk.ts'
import { createListener, type ListenerDeps } from '../../src/http/listener.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { keptLog } from './logged-service.ts'

/** A listener without a service around it; what a test does not give is not there, or as it is by default. */
export async function startListener(deps: Partial<ListenerDeps>): Promise<{ url: string }> {
  const server = createListener({
    calls: {} as never, // no test calls what it did not give
    media: {} as never,
    operations: { metrics: createMetrics(), isDraining: () => false },
    log: keptLog().log,
    timeLimits: { headersMs: 15_000, keepAliveMs: 75_000 },
    ...deps,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** What plays the files of a service, beside it. */
export async function openMedia(directory: string): Promise<Pick<ListenerDeps['media'], 'metadata' | 'blobs'>> {
  const metadata = await openSqlite(directory)
  const blobs = await DiskBlobs.create(directory, { minFreeBytes: 0 })
  onTestFinished(async () => {
    await blobs.close()
    await metadata.close()
  })
  return { metadata, blobs }
}
