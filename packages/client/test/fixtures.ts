import { type Credentials, type NodeUploadOptions, nodeHashing, type Source, type Transport } from '@sluice/client/node'
import { serverCredentials } from '@sluice/client/server-credentials'
import { signUgc } from '@sluice/protocol/signatures'
import { ugcCredentials } from '../src/ugc-credentials.ts'
import { now, secretId, secretKey } from './memory-service.ts'

export const partSize = 524_288

/** Bytes that differ from part to part: byte i is i mod 251. */
export function fixture(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i % 251)
}

export function memorySource(bytes: Uint8Array): Source {
  return { size: bytes.length, slice: async (start, end) => bytes.subarray(start, end) }
}

export const credentials = {
  server: serverCredentials({ secretId, secretKey }),
  ugc: ugcCredentials(async (file) => signUgc({ secretId, secretKey, ...file, signedAtS: now / 1000 - 10 })),
}

/** Options of an upload through a transport, with a world that never waits. */
export function optionsFor(
  transport: Transport,
  more: Partial<Omit<NodeUploadOptions, 'credentials' | 'getSignature'>> & { readonly credentials?: Credentials } = {},
) {
  return {
    url: 'http://sluice.test:8266',
    credentials: credentials.server,
    hashing: nodeHashing(),
    file: { fileName: 'my video', fileType: 'MP4' },
    dataSize: partSize,
    transport,
    clock: () => now,
    random: () => 0.5,
    sleep: async () => {},
    ...more,
  } satisfies NodeUploadOptions
}

/** What a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('it was expected to reject')
    },
    (error: unknown) => error,
  )
}
