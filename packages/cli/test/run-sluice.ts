import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryService, secretId, secretKey } from '../../client/test/memory-service.ts'

export const bin = fileURLToPath(new URL('../bin/sluice.cjs', import.meta.url))

/** What a run of the program left behind. */
export interface Run {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Start {
  readonly node?: string
  readonly nodeArgs?: readonly string[]
  readonly script?: string
  readonly env?: Record<string, string>
  /** What it reads from standard input; nothing unless given. */
  readonly stdin?: string
  readonly onStart?: (pid: number) => void
  readonly onStderr?: (text: string, pid: number) => void
}

/** What every run has in its environment: a home of the tests' own, so that none finds this user's profiles. */
export const home = { HOME: mkdtempSync(join(tmpdir(), 'sluice-home-')) }
process.once('exit', () => rmSync(home.HOME, { recursive: true, force: true }))

/** Runs `sluice` with these arguments and nothing else in its environment but `home`. */
export async function sluice(args: readonly string[], start: Start = {}): Promise<Run> {
  const { node = process.execPath, nodeArgs = [], script = bin, env = {}, stdin = '', onStart, onStderr } = start
  const child = spawn(node, [...nodeArgs, script, ...args], { env: { ...home, ...env } })
  if (child.pid !== undefined) onStart?.(child.pid)
  child.stdin.on('error', () => {}).end(stdin) // it may have ended without reading
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
    onStderr?.(stderr, child.pid ?? 0)
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr }
}

/** What somebody types at a terminal, once it shows what he waits for. */
export interface Typed {
  readonly text: string
  readonly after: RegExp
}

/** What a terminal of so many columns is sent by `sluice`, on both its outputs; it is one of `script` of util-linux. */
export async function onTerminal(
  args: readonly string[],
  columns: number,
  env: Record<string, string>,
  typed?: Typed,
): Promise<Run> {
  const command = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
  const script = ['-qec', `stty cols ${columns} rows 24; exec ${command}`, '/dev/null']
  const child = spawn('script', script, {
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', SHELL: '/bin/sh', ...home, ...env },
  })
  if (!typed) child.stdin.end()
  let stdout = ''
  let isTyped = false
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
    if (!typed || isTyped || !typed.after.test(stdout)) return
    isTyped = true
    child.stdin.write(typed.text)
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr: '' }
}

export const secrets = { SLUICE_SECRET_ID: secretId, SLUICE_SECRET_KEY: secretKey }

/** The protocol in memory behind a real socket, until `close`. */
export async function serveMemory(script?: Parameters<typeof memoryService>[0]) {
  const service = memoryService(script, Date.now)
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray())
    const url = `http://${request.headers.host}${request.url}`
    try {
      const { status, text } = await service.transport({ url, body, signal: new AbortController().signal })
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    } catch {
      response.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { ...service, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}
