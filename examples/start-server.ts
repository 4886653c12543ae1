import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/** A program that listens, running. */
export interface RunningServer {
  readonly url: string
  /** Resolves with a line it has printed, or prints, that begins so. */
  readonly line: (start: string) => Promise<string>
  /** Asks it to stop; resolves with its exit code. */
  readonly stop: () => Promise<number | null>
}

/** Runs a program as a process of its own until the test ends, with nothing else in its environment. */
export async function startServer(program: string, env: Record<string, string>): Promise<RunningServer> {
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit') as Promise<[number | null]>
  const stop = async () => {
    child.kill('SIGTERM')
    const [code] = await exit
    return code
  }
  onTestFinished(async () => void (await stop()))
  const printed: string[] = []
  let told = Promise.withResolvers<void>()
  createInterface(child.stdout).on('line', (text) => {
    printed.push(text)
    told.resolve()
    told = Promise.withResolvers()
  })
  const ended = exit.then(([code]) => Promise.reject(new Error(`the program ended with ${code}`)))
  ended.catch(() => {}) // it is to end some time
  const line = async (start: string) => {
    for (;;) {
      const found = printed.find((text) => text.startsWith(start))
      if (found !== undefined) return found
      await Promise.race([told.promise, ended])
    }
  }
  // The first line says where it listens.
  const url = (await line('')).split(' ').at(-1) ?? ''
  return { url, line, stop }
}
