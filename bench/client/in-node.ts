import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { commandCpu } from '../measure/command-cpu.ts'
import { startServer } from '../measure/server-process.ts'
import { sluice } from '../servers/servers.ts'

/** What one upload took: seconds, bytes. */
export interface UploadFigures {
  readonly cpuS: number
  /** Until it was hashed. */
  readonly hashedS: number
  readonly wallS: number
  readonly peakMemory: number
}

const program = fileURLToPath(new URL('upload-once.ts', import.meta.url))

/** Uploads a file to a fresh service, the SDK in a process of its own; its hash is remembered in a directory, if at all. */
export async function measureUpload(path: string, parallel: number, directory?: string): Promise<UploadFigures> {
  const port = 20_000 + (process.pid % 20_000)
  const server = await startServer(port, sluice)
  try {
    const args = [program, path, `http://127.0.0.1:${port}`, String(parallel)].concat(directory ?? [])
    const { stdout } = await promisify(execFile)(process.execPath, args)
    return JSON.parse(stdout) as UploadFigures
  } finally {
    await server.stop()
  }
}

/** CPU seconds of the two digests alone: `openssl dgst` of the same file, once for each. */
export function measureOpenssl(path: string): number {
  return commandCpu(`openssl dgst -sha1 '${path}'; openssl dgst -md5 '${path}'`)
}
