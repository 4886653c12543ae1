import { parentPort, workerData } from 'node:worker_threads'
import mediaInfoFactory from 'mediainfo.js'
import { mediaOf } from './media-of.ts'
import type { FromWorker, ToWorker } from './probe.ts'

/** The other end of `probe`: a thread that lives for one file, for what a hostile one does to a parser ends with it. */
const { size, maxMemory } = workerData as ToWorker

/** Bytes asked for at once: parsers jump, and what they jump over was read in vain. */
const chunkSize = 65_536

/** What is used here of WebAssembly, which is in no type library that Node code has without the DOM's. */
interface WasmMemory {
  readonly buffer: ArrayBufferLike
  grow(pages: number): number
}
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly
const pageSize = 65_536

// The module would grow to 2 GiB. Nothing but this call makes it grow, and it copes with being refused.
const { grow } = Memory.prototype
Memory.prototype.grow = function (pages) {
  if (this.buffer.byteLength + pages * pageSize > maxMemory) throw new RangeError('a probe may use no more memory')
  return grow.call(this, pages)
}

const tell = (message: FromWorker) => parentPort?.postMessage(message)

const read = (length: number, offset: number) =>
  new Promise<Uint8Array>((resolve) => {
    parentPort?.once('message', resolve)
    tell({ offset, length })
  })

const mediaInfo = await mediaInfoFactory({ format: 'object', chunkSize })
const { media } = await mediaInfo.analyzeData(size, read)
tell({ media: mediaOf(media?.track ?? []) })
