import { Md5Lanes } from './md5-lanes.ts'
import type { Message } from './message.ts'
import { createMemory, nodeMd5, wasm } from './platform.ts'
import { SCRATCH_BYTES } from './scratch.ts'

/** Bytes of a message that are copied into WebAssembly memory at a time. */
const WINDOW = 32768
/** More than a pass takes, so that lanes which short messages leave find others to go on with. */
const WINDOWS = 24
/** Bytes below which node:crypto, where there is one, is done before a message has found its lane. */
const SHORT = 1024

/** Memory to hash in: kept, since making it costs more than most calls. */
interface Workshop {
  readonly lanes: Md5Lanes
  readonly memory: Uint8Array
  /** Addresses of the windows. */
  readonly windows: readonly number[]
}

let workshop: Workshop | undefined

/**
 * The MD5 of each message as 32 lower-case hex digits: any number of messages, of any lengths. They are copied through
 * 832 KiB of memory, which stays for the next call. Returns when all is done: large input holds up the event loop.
 */
export function md5Many(messages: readonly Uint8Array[]): string[] {
  workshop ??= openWorkshop()
  if (!workshop && !nodeMd5) throw new Error('md5-lanes: neither WebAssembly nor node:crypto here')
  const digests = new Array<string>(messages.length)
  const long: Task[] = []
  for (const [index, bytes] of messages.entries()) {
    requireBytes(bytes, index)
    if (nodeMd5 && (!workshop || bytes.length < SHORT || messages.length === 1)) digests[index] = nodeMd5(bytes)
    else long.push({ index, bytes })
  }
  if (workshop) hashIn(workshop, long, digests)
  return digests
}

/** Before anything is in the lanes. Not by instanceof: tests and plug-ins may come with a Uint8Array of their own. */
function requireBytes(bytes: Uint8Array, index: number): void {
  if (bytes?.[Symbol.toStringTag] === 'Uint8Array') return
  throw new TypeError(`md5-lanes: message ${index} is not a Uint8Array`)
}

function openWorkshop(): Workshop | undefined {
  if (!wasm) return undefined
  const memory = createMemory(SCRATCH_BYTES + WINDOWS * WINDOW)
  const lanes = new Md5Lanes({ memory })
  if (lanes.widest === 0) return undefined
  const windows = Array.from({ length: WINDOWS }, (_, index) => SCRATCH_BYTES + index * WINDOW)
  return { lanes, memory: new Uint8Array(memory.buffer), windows }
}

interface Task {
  readonly index: number
  readonly bytes: Uint8Array
}

function hashIn({ lanes, memory, windows }: Workshop, tasks: Task[], digests: string[]): void {
  // Shortest first, and taken from the end: neighbours in the lanes are of like length, and what is left last is short.
  tasks.sort((x, y) => x.bytes.length - y.bytes.length)
  const free = [...windows]
  const open = new Map<Message, Task & { readonly window: number }>()

  while (tasks.length > 0 || open.size > 0) {
    while (free.length > 0 && tasks.length > 0) {
      const window = free.pop() as number
      open.set(lanes.begin(window), { ...(tasks.pop() as Task), window })
    }
    for (const [message, { bytes, window }] of open) {
      const piece = partOf(bytes, message.hashed)
      memory.set(piece, window)
      message.moveTo(window)
      message.append(message.hashed + piece.length - message.length)
      if (message.length === bytes.length) message.finish()
    }
    for (const message of lanes.run({ arriving: 'drive' })) {
      const { index, window } = open.get(message) as { index: number; window: number }
      digests[index] = message.hex()
      open.delete(message)
      free.push(window)
    }
  }
}

/** A window's fill from `start` on; short messages are not cut, which is dearer than it looks. */
function partOf(bytes: Uint8Array, start: number): Uint8Array {
  return start === 0 && bytes.length <= WINDOW ? bytes : bytes.subarray(start, start + WINDOW)
}
