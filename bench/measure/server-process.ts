import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How to start a server on a port, with a directory of its own. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface ServerProcess {
  readonly pid: number
  readonly directory: string
  stop(): Promise<void>
}

/** Where the benchmarks put their data: the disk that is measured. */
export const benchDirectory = process.env['BENCH_DIR'] ?? process.cwd()

/** Starts a server as a process of its own on a fresh directory, and waits until it takes connections. */
export async function startServer(
  port: number,
  server: (directory: string, port: number) => ServerCommand,
): Promise<ServerProcess> {
  const directory = await mkdtemp(join(benchDirectory, '.bench-'))
  const { command, args, env } = server(directory, port)
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'inherit'] })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await Promise.race([once(child, 'exit'), sleep(5_000)])
      child.kill('SIGKILL')
    }
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await untilReady(child, port)
  } catch (error) {
    await stop()
    throw error
  }
  return { pid: child.pid ?? 0, directory, stop }
}

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    const socket = connect({ port, host: '127.0.0.1' })
    try {
      await once(socket, 'connect')
      return
    } catch {
      await sleep(25) // not listening yet
    } finally {
      socket.destroy()
    }
  }
  throw new Error(`nothing listens on port ${port}`)
}
