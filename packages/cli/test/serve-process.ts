import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { bin } from './run-sluice.ts'

/** A directory that is removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Runs `sluice serve` as a process of its own until the test ends. */
export async function serve(env: Record<string, string>) {
  const child = spawn(process.execPath, [bin, 'serve'], {
    env: { SLUICE_PORT: '0', SLUICE_MIN_FREE_SPACE: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const match = /^sluice listening on (http:\S+)$/m.exec(stdout)
      if (match?.[1]) resolve(match[1])
    })
    child.once('exit', (code) => reject(new Error(`sluice serve ended with ${code}: ${stderr}`)))
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await once(child, 'exit')
    }
    return { code: child.exitCode, stdout, stderr }
  }
  onTestFinished(async () => {
    await stop('SIGKILL')
  })
  return { url, stop, output: () => stdout }
}

/**
 * A way to the service that lets `bytesPerSecond` through, and counts the bytes sent to the service.
 */
export async function slowWayTo(url: string, bytesPerSecond: number) {
  const { hostname, port } = new URL(url)
  let sent = 0
  let open = 0
  const server = createServer({ pauseOnConnect: true }, (from) => {
    const to = connect(Number(port), hostname)
    to.pipe(from)
    from.on('data', (chunk: Buffer) => {
      sent += chunk.length
      to.write(chunk)
      from.pause()
      setTimeout(() => from.resume(), (chunk.length / bytesPerSecond) * 1000)
    })
    from.on('end', () => to.end()).on('error', () => to.destroy())
    to.on('error', () => from.destroy())
    open++
    from.on('close', () => {
      open--
      to.destroy()
    })
    from.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sentBytes: () => sent,
    openConnections: () => open,
  }
}
