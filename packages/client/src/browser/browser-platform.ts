import type { Platform } from '../platform.ts'
import { fetchTransport } from '../transport.ts'
import { browserHashing } from './browser-hashing.ts'
import { browserLock, browserNetwork } from './browser-surroundings.ts'
import { indexedDbStore } from './indexed-db-store.ts'
import { xhrTransport } from './xhr-transport.ts'

/** The browser's parts of an upload; a service worker has no XMLHttpRequest. */
export function browserPlatform(workerUrl?: string | URL): Platform {
  return {
    transport: () => (typeof XMLHttpRequest === 'undefined' ? fetchTransport() : xhrTransport()),
    hashing: () => browserHashing(workerUrl),
    resumeStore: indexedDbStore(),
    lock: browserLock,
    network: browserNetwork,
  }
}
