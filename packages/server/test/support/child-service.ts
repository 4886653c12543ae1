import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { keyPair } from './service.ts'

const sluice = fileURLToPath(new URL('../../../cli/bin/sluice.cjs', import.meta.url))

/** A service that runs as a process of its own, to be killed. */
export interface ChildService {
  readonly url: string
  readonly now: () => number
  readonly pid: number
  /** Ends the process there and then; resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves when the process has ended, by whatever hand. */
  readonly ended: Promise<void>
}

/** Runs `sluice serve` on a directory, in front of it the words of `under`, such as those of strace. */
export async function startChildService(
  directory: string,
  environment: Record<string, string> = {},
  under: readonly string[] = [],
): Promise<ChildService> {
  const [command = '', ...args] = [...under, process.execPath, sluice, 'serve']
  const child = spawn(command, args, {
    env: {
      SLUICE_DATA_DIR: directory,
      SLUICE_PORT: '0',
      SLUICE_APP_ID: '1251000001',
      SLUICE_SECRET_ID: keyPair.secretId,
      SLUICE_SECRET_KEY: keyPair.secretKey,
      SLUICE_MIN_FREE_SPACE: '0',
      SLUICE_PROBE: 'off', // tests count what is written
      SLUICE_LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit').then(() => undefined)
  const kill = async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await ended
  }
  onTestFinished(kill)
  return { url: await listening(child), now: Date.now, pid: child.pid ?? 0, kill, ended }
}

/** Waits for the line that says where the service listens. */
async function listening(child: ChildProcess): Promise<string> {
  let stdout = ''
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`the service ended with ${code ?? signal}: ${stderr}`)))
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const url = /^sluice listening on (http:\S+)$/m.exec(stdout)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
}
