import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { signedQuery } from '@sluice/protocol/signatures'
import { Connection } from './load/connection.ts'
import { keys } from './load/protocols.ts'
import { cpuUsage, peakMemory } from './measure/process-tree.ts'
import { startServer } from './measure/server-process.ts'
import { sluice } from './servers/servers.ts'

const { values } = parseArgs({
  options: { pollers: { type: 'string', default: '1,1000,10000' }, events: { type: 'string', default: '300' } },
})
const host = 'vod.api.qcloud.com'
const path = '/v2/index.php'
const idleS = 10
const mib = 1_048_576

let nonce = 0

/** A signed GET, or POST when it has bytes. Every request has a Nonce of its own. */
async function call(connection: Connection, action: string, params: Record<string, string>, body?: Uint8Array) {
  const common = { SecretId: keys.secretId, Timestamp: String(Math.floor(Date.now() / 1000)), Nonce: String(++nonce) }
  const method = body ? 'POST' : 'GET'
  const query = signedQuery({
    method,
    host,
    path,
    params: { Action: action, ...common, ...params },
    secretKey: keys.secretKey,
  })
  const length = body && { 'Content-Length': String(body.length) }
  const answer = await connection.request(method, `${path}?${query}`, { Host: host, ...length }, body ? [body] : [])
  const read = JSON.parse(answer.body) as { code: number; message: string; fileId?: string; eventList?: Pulled[] }
  if (read.code !== 0) throw new Error(`${action}: ${answer.body}`)
  return read
}

interface Pulled {
  readonly msgHandle: string
  readonly eventContent: { readonly data: { readonly fileId: string } }
}

async function measure(count: number, events: number, port: number) {
  const server = await startServer(port, sluice)
  const heardAt = new Map<string, (at: number) => void>()
  const heardEarly = new Map<string, number>()
  let done = false
  let waiting = 0

  const poll = async () => {
    const connection = new Connection(port)
    while (!done) {
      waiting++
      const { eventList = [] } = await call(connection, 'PullEvent', {})
      waiting--
      const at = performance.now()
      for (const { eventContent } of eventList) {
        const { fileId } = eventContent.data
        const tell = heardAt.get(fileId)
        if (tell) tell(at)
        else heardEarly.set(fileId, at)
      }
      if (eventList.length > 0) {
        const handles = eventList.map(({ msgHandle }, index) => [`msgHandle.${index}`, msgHandle])
        await call(connection, 'ConfirmEvent', Object.fromEntries(handles))
      }
    }
    connection.close()
  }

  const uploader = new Connection(port)
  const laterMs: number[] = []
  const upload = async () => {
    const bytes = randomBytes(1_000)
    const fileSha = Buffer.from(await crypto.subtle.digest('SHA-1', bytes)).toString('hex')
    const size = String(bytes.length)
    const facts = { fileName: 'bench', fileType: 'mp4', fileSha, fileSize: size, dataSize: size }
    const { fileId = '' } = await call(uploader, 'SmallFileUpload', facts, bytes)
    const answeredAt = performance.now()
    const heard = heardEarly.get(fileId) ?? (await new Promise<number>((resolve) => heardAt.set(fileId, resolve)))
    return heard - answeredAt
  }

  try {
    const pollers: Promise<void>[] = []
    for (let started = 0; started < count; started++) {
      pollers.push(poll())
      if (started % 100 === 99) await sleep(50) // their calls come spread, as they would
    }
    while (waiting < count) await sleep(10)
    for (let event = 0; event < 50; event++) await upload() // warms the compiler
    for (let event = 0; event < events; event++) laterMs.push(await upload())
    const before = cpuUsage(server.pid)
    await sleep(idleS * 1000)
    const after = cpuUsage(server.pid)
    const idle = (after.userS + after.systemS - before.userS - before.systemS) / idleS
    const peak = peakMemory(server.pid) / mib
    done = true
    await server.stop()
    await Promise.allSettled(pollers)
    const sorted = laterMs.toSorted((a, b) => a - b)
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.toFixed(2)
    return [String(count), at(0.5), at(0.99), at(1), `${(100 * idle).toFixed(1)} %`, peak.toFixed(0)]
  } finally {
    done = true
    uploader.close()
    await server.stop()
  }
}

console.log(
  `| pollers | p50 ms | p99 ms | longest ms | CPU of a core while idle | peak MiB |\n| --- | --- | --- | --- | --- | --- |`,
)
for (const [index, count] of values.pollers.split(',').entries()) {
  console.log(`| ${(await measure(Number(count), Number(values.events), 8_810 + index)).join(' | ')} |`)
}
