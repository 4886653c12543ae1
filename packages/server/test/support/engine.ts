import { ProtocolError } from '@sluice/protocol'
import { createLog } from '@sluice/server'
import type { Blobs } from '../../src/blobs/blobs.ts'
import { DiskBlobs } from '../../src/blobs/disk.ts'
import { KeyedLock } from '../../src/engine/keyed-lock.ts'
import { SharedRun } from '../../src/engine/shared-run.ts'
import { type Slot, Slots } from '../../src/engine/slots.ts'
import { expireFiles } from '../../src/files/delete-file.ts'
import { removeDiscards } from '../../src/files/discard-blobs.ts'
import { fileUrls } from '../../src/files/file-url.ts'
import type { App, Metadata } from '../../src/metadata/metadata.ts'
import { openSqlite } from '../../src/metadata/sqlite.ts'
import { expireUploads, removeOrphans, resumeFinishes } from '../../src/uploads/expire-uploads.ts'
import type { InstantUpload, UploadDeps } from '../../src/uploads/upload-deps.ts'
import type { PartBody } from '../../src/uploads/upload-part.ts'
import { Verifier } from '../../src/uploads/verifier.ts'

export interface Ports {
  readonly metadata: Metadata
  readonly blobs: Blobs
}

/** The upload actions on real ports, put together as main.ts does it, without a socket. */
export interface Engine extends UploadDeps {
  readonly slots: Slots
  readonly close: () => Promise<void>
}

export interface EngineOptions {
  /** Puts something between the actions and the real ports. */
  readonly around?: (ports: Ports) => Ports
  readonly slots?: Slots
  readonly now?: () => number
  readonly instantUpload?: Partial<InstantUpload>
}

export const app: App = {
  appId: 1_251_000_001,
  verifyKey: 'ab'.repeat(20),
  disabledAt: null,
  createdAt: 1,
  settings: {},
}

/** Opens what a service has under its actions, on a directory that may hold data already. */
export async function openEngine(directory: string, options: EngineOptions = {}): Promise<Engine> {
  const { around = (ports) => ports, slots = new Slots(2 ** 20, 2 ** 16), now = Date.now } = options
  const real = { metadata: await openSqlite(directory), blobs: await DiskBlobs.create(directory, { minFreeBytes: 0 }) }
  await real.metadata.addApp(app)
  const { metadata, blobs } = around(real)
  const verifier = new Verifier(metadata, blobs, slots)
  return {
    metadata,
    blobs,
    verifier,
    urls: fileUrls(() => 'http://files.test'),
    now,
    log: createLog('silent'),
    instantUpload: { server: 'auto', ugc: 'code2', ...options.instantUpload },
    uploadTtlMs: 86_400_000,
    partLock: new KeyedLock(),
    finishing: new SharedRun(),
    slots,
    close: async () => {
      await verifier.close()
      await real.blobs.close()
      await real.metadata.close()
    },
  }
}

/** What the service does when it starts. */
export async function recover(engine: Engine): Promise<void> {
  for (const job of [removeOrphans, removeDiscards, resumeFinishes, expireUploads, expireFiles]) await job(engine)
}

/** A body that is there at once. */
export function bodyOf({ slots }: Pick<Engine, 'slots'>, bytes: Uint8Array): PartBody {
  return {
    async read(length): Promise<Slot> {
      if (bytes.length !== length) throw new ProtocolError('body', `the body has ${bytes.length} bytes`)
      const slot = await slots.acquire(new AbortController().signal)
      slot.append(bytes)
      return slot
    },
  }
}
