import { Connection } from './connection.ts'
import { type ProtocolName, protocols } from './protocols.ts'
import { type SampleFile, sampleFiles } from './sample-files.ts'

/** A load: `files` files of `fileSize` bytes in parts of `partSize`, over so many connections. */
export interface Load {
  readonly protocol: ProtocolName
  readonly port: number
  readonly connections: number
  readonly files: number
  readonly fileSize: number
  readonly partSize: number
  /** Files in flight at once; with 1, all connections work on one file. */
  readonly filesAtOnce: number
  /** Parts a second over all connections, evenly spaced; latency then counts from the planned moment. 0: as fast as it goes. */
  readonly partsPerSecond: number
}

/** What a load met. Times in milliseconds. */
export interface LoadFigures {
  readonly bytes: number
  readonly wallMs: number
  readonly partMs: { readonly p50: number; readonly p99: number }
  readonly finishMs: { readonly p50: number; readonly p99: number }
}

/** Sends a load; prints its figures as one line of JSON. Run as a process of its own, so that its CPU is not the server's. */
async function generate(load: Load): Promise<LoadFigures> {
  const protocol = protocols[load.protocol]
  const makeFile = sampleFiles(load.fileSize, Math.min(load.partSize, 1_048_576))
  const connections = Array.from({ length: load.connections }, () => new Connection(load.port))
  const groups = protocol.parallelParts ? load.filesAtOnce : load.connections
  const partTimes: number[] = []
  const finishTimes: number[] = []
  const waiting = Array.from({ length: load.files }, (_, number) => makeFile(number))
  const startedAt = performance.now()
  let planned = 0

  /** Waits for a part's planned moment and returns it. */
  async function turn(): Promise<number> {
    if (load.partsPerSecond === 0) return performance.now()
    const at = startedAt + (planned++ * 1000) / load.partsPerSecond
    const early = at - performance.now()
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    return at
  }

  async function send(file: SampleFile, own: readonly Connection[]): Promise<void> {
    const [first] = own
    if (!first) throw new Error('a file needs a connection')
    const upload = await protocol.begin(first, file, load.partSize)
    let next = 0
    const sendParts = async (connection: Connection) => {
      while (next < file.size) {
        const offset = next
        next += load.partSize
        const at = await turn()
        await protocol.part(connection, file, upload, offset, Math.min(load.partSize, file.size - offset))
        partTimes.push(performance.now() - at)
      }
    }
    await Promise.all(own.map(sendParts))
    const at = performance.now()
    await protocol.finish(first, file, upload)
    finishTimes.push(performance.now() - at)
  }

  const shares = Array.from({ length: groups }, (_, group) =>
    connections.filter((_, index) => index % groups === group),
  )
  await Promise.all(
    shares.map(async (own) => {
      for (let file = waiting.pop(); file; file = waiting.pop()) await send(file, own)
    }),
  )
  const wallMs = performance.now() - startedAt
  for (const connection of connections) connection.close()
  return {
    bytes: load.files * load.fileSize,
    wallMs,
    partMs: { p50: quantile(partTimes, 0.5), p99: quantile(partTimes, 0.99) },
    finishMs: { p50: quantile(finishTimes, 0.5), p99: quantile(finishTimes, 0.99) },
  }
}

function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const [argument] = process.argv.slice(2)
if (argument === undefined) throw new Error('usage: generate.ts LOAD_AS_JSON')
console.log(JSON.stringify(await generate(JSON.parse(argument) as Load))) // written by measure-load.ts
