/** Runs in a worker of the browser: hashes the same bytes in several ways, in turn, and posts MiB a second of each. */
import { createMemory, Md5Lanes, SCRATCH_BYTES } from '@sluice/md5-lanes'
import { createMD5, createSHA1 } from 'hash-wasm'
import { openDigests } from '../../packages/client/src/digests/digests.ts'
import { kernels } from '../../packages/client/src/digests/kernels.ts'
import { at } from '../../packages/client/src/digests/layout.ts'
import { hashBlob } from '../../packages/client/src/hash-pieces.ts'

/** Hashes `mib` MiB. */
interface Way {
  readonly name: string
  readonly mib: number
  run(): unknown
}

const mib = 1_048_576
const piece = new Uint8Array(mib).map((_, index) => index * 7)

async function ways(file: Blob): Promise<Way[]> {
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { instantiate(bytes: Uint8Array): Promise<{ instance: { exports: Record<string, never> } }> }
  }
  const { sha1 } = (await WebAssembly.instantiate(kernels())).instance.exports as unknown as {
    sha1(address: number, blocks: number): void
  }
  const ours = await openDigests()
  const [theirSha1, theirMd5] = [await createSHA1(), await createMD5()]
  const memory = createMemory(SCRATCH_BYTES + 6 * mib)
  const lanes = new Md5Lanes({ memory, nodeCrypto: false })
  await lanes.warmUp()
  const whole = new Uint8Array(64 * mib)
  const { subtle } = crypto as unknown as { subtle: { digest(name: string, bytes: Uint8Array): Promise<unknown> } }
  const fileMib = file.size / mib
  const quiet = { pieceBytes: mib, onHashed() {}, signal: new AbortController().signal }
  const times = (count: number, work: () => unknown) => () => {
    for (let i = 0; i < count; i++) work()
  }

  return [
    {
      name: 'ours: SHA-1 and MD5 in one pass',
      mib: 64,
      run: times(64, () => {
        ours.room.set(piece)
        ours.beginPiece()
        ours.take(0, mib, 'both')
      }),
    },
    { name: 'ours: SHA-1', mib: 64, run: times(64, () => sha1(at.input, mib / 64)) },
    {
      name: 'ours: MD5',
      mib: 64,
      run: times(64, () => {
        ours.room.set(piece)
        ours.beginPiece()
        ours.take(0, mib, 'md5')
      }),
    },
    { name: 'hash-wasm: SHA-1', mib: 64, run: times(64, () => theirSha1.init().update(piece).digest()) },
    { name: 'hash-wasm: MD5', mib: 64, run: times(64, () => theirMd5.init().update(piece).digest()) },
    {
      name: 'md5-lanes: MD5 of six parts at once',
      mib: 60,
      run: times(10, () => {
        for (let part = 0; part < 6; part++) {
          new Uint8Array(memory.buffer).set(piece, SCRATCH_BYTES + part * mib)
          const message = lanes.begin(SCRATCH_BYTES + part * mib)
          message.append(mib)
          message.finish()
        }
        lanes.run()
      }),
    },
    { name: 'subtle.digest: SHA-1 of 64 MiB in memory', mib: 64, run: () => subtle.digest('SHA-1', whole) },
    { name: 'a file, ours: SHA-1 and MD5', mib: fileMib, run: () => hashBlob(ours, file, quiet) },
    {
      name: 'a file, hash-wasm: SHA-1 and MD5, slices of 1 MiB',
      mib: fileMib,
      async run() {
        theirSha1.init()
        for (let offset = 0; offset < file.size; offset += mib) {
          const bytes = new Uint8Array(await file.slice(offset, offset + mib).arrayBuffer())
          theirSha1.update(bytes)
          theirMd5.init().update(bytes).digest()
        }
      },
    },
    {
      name: 'a file, subtle.digest: SHA-1, all of it in memory',
      mib: fileMib,
      run: async () => subtle.digest('SHA-1', new Uint8Array(await file.arrayBuffer())),
    },
  ]
}

const scope = globalThis as unknown as {
  onmessage: (event: { data: { file: Blob; rounds: number } }) => void
  postMessage(figures: unknown): void
}

scope.onmessage = async ({ data: { file, rounds } }) => {
  const all = await ways(file)
  const figures = all.map(({ name }) => ({ name, mibPerS: [] as number[] }))
  for (let round = -1; round < rounds; round++) {
    for (const [index, way] of all.entries()) {
      const startedAt = performance.now()
      await way.run()
      // The first round is for the compilers.
      if (round >= 0) figures[index]?.mibPerS.push((way.mib / (performance.now() - startedAt)) * 1000)
    }
  }
  scope.postMessage(figures)
}
