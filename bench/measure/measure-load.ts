import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Load, LoadFigures } from '../load/generate.ts'
import { cpuUsage, peakMemory } from './process-tree.ts'
import { type ServerCommand, startServer } from './server-process.ts'

const run = promisify(execFile)
const generator = fileURLToPath(new URL('../load/generate.ts', import.meta.url))

/** One measured run of one server. */
export interface Figures extends LoadFigures {
  /** Seconds of CPU of the server's process tree for each GiB received. */
  readonly cpuPerGib: number
  readonly userPerGib: number
  readonly systemPerGib: number
  readonly mibPerSecond: number
  readonly peakMemory: number
}

/** What is sent; the port is the server's. */
export type LoadShape = Omit<Load, 'port'>

/** The load that is used unless a measurement says otherwise: one file after the other, six connections, 1 MiB parts. */
export const usualLoad: LoadShape = {
  protocol: 'vod',
  connections: 6,
  files: 8,
  fileSize: 64 * 1_048_576,
  partSize: 1_048_576,
  filesAtOnce: 1,
  partsPerSecond: 0,
}

let nextPort = 8300

/** Files that go in before anything counts, 64 MiB each: the compiler is then done with what every part runs through. */
const warmUpFiles = 4

/** Starts a fresh server, warms it up, sends the load, and stops it. */
export async function measureLoad(
  server: (directory: string, port: number) => ServerCommand,
  load: LoadShape,
): Promise<Figures> {
  const port = nextPort++
  const { pid, stop } = await startServer(port, server)
  try {
    const files = Math.max(warmUpFiles, load.filesAtOnce)
    await send({ ...load, port, files, fileSize: 64 * 1_048_576, partsPerSecond: 0 })
    const before = cpuUsage(pid)
    const figures = await send({ ...load, port })
    const after = cpuUsage(pid)
    const gib = figures.bytes / 2 ** 30
    const userPerGib = (after.userS - before.userS) / gib
    const systemPerGib = (after.systemS - before.systemS) / gib
    return {
      ...figures,
      cpuPerGib: userPerGib + systemPerGib,
      userPerGib,
      systemPerGib,
      mibPerSecond: (gib * 1024) / (figures.wallMs / 1000),
      peakMemory: peakMemory(pid),
    }
  } finally {
    await stop()
  }
}

async function send(load: Load): Promise<LoadFigures> {
  const { stdout } = await run(process.execPath, [generator, JSON.stringify(load)], { timeout: 600_000 })
  return JSON.parse(stdout) as LoadFigures // printed by generate.ts
}
