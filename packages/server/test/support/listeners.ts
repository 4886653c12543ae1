import { once } from 'node:events'
import { type AddressInfo, BlockList } from 'node:net'
import { openSqlite } from '@sluice/server'
import { onTestFinished } from 'vitest'
import { AppDirectory } from '../../src/auth/app-directory.ts'
import { KeyRule } from '../../src/auth/key-rule.ts'
import { DiskBlobs } from '../../src/blobs/disk.ts'
import { fileUrls } from '../../src/files/file-url.ts'
import { createListener, type ListenerDeps } from '../../src/http/listener.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { keptLog } from './logged-service.ts'

/** A listener without a service around it; what a test does not give is not there, or as it is by default. */
export async function startListener(deps: Partial<ListenerDeps>): Promise<{ url: string }> {
  const { server } = createListener({
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
export async function openMedia(directory: string): Promise<Omit<ListenerDeps['media'], 'idleMs'>> {
  const metadata = await openSqlite(directory)
  const blobs = await DiskBlobs.create(directory, { minFreeBytes: 0 })
  onTestFinished(async () => {
    await blobs.close()
    await metadata.close()
  })
  const rules = { apps: new AppDirectory(metadata, Date.now), keyRule: new KeyRule(Date.now) }
  return { metadata, blobs, urls: fileUrls(() => ''), ...rules, trustedProxies: new BlockList() }
}
