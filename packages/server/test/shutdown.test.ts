import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { poolBecomes } from './support/metrics.ts'
import { openFiles } from './support/players.ts'
import {
  callServer,
  initParams,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { openWire } from './support/wire.ts'
import { head, partCall, post, targetOf } from './support/wire-calls.ts'

const file = sampleFile(1_000_000)

/** Waits until the service takes no connection any more. */
async function refusesConnections({ url }: TestService): Promise<void> {
  const { hostname, port } = new URL(url)
  const attempt = async () => {
    const socket = connect(Number(port), hostname)
    try {
      await once(socket, 'connect')
      return 'connected'
    } catch (error) {
      return (error as NodeJS.ErrnoException).code
    } finally {
      socket.destroy()
    }
  }
  await expect.poll(attempt, { interval: 5 }).toBe('ECONNREFUSED')
}

/** How long closing takes, in milliseconds. */
async function closingTime(service: TestService): Promise<number> {
  const startedAt = performance.now()
  await service.close()
  return performance.now() - startedAt
}

describe('a service that closes', () => {
  it('acknowledges the parts under way, takes nothing new, and then ends', async () => {
    const service = await startTestService()
    await callServer(service, 'InitUpload', initParams(file))
    const wire = await openWire(service)
    const part = post(partCall(service, file))
    await wire.send(part.subarray(0, -1))
    await poolBecomes(service, { bytes: 1_048_576, waiting: 0 })

    const closing = closingTime(service)
    await refusesConnections(service)
    await wire.send(part.subarray(-1))
    const { headers, body } = await wire.response()
    expect(JSON.parse(String(body))).toMatchObject({ code: 0 })
    expect(headers['connection']).toBe('close')
    expect(await wire.closed()).toHaveLength(0)
    expect(await closing).toBeLessThan(10_000)

    const again = await service.restart()
    expect((await callServer(again, 'InitUpload', initParams(file))).listParts).toMatchObject([{ offset: 0 }])
  })

  it('plays to their end the files that are being played', async () => {
    const service = await startTestService()
    const large = sampleFile(16 * 1_048_576, 3)
    const { url = '' } = await uploadWhole(service, large, 1_048_576)
    const wire = await openWire(service)
    wire.socket.pause()
    await wire.send(head('GET', new URL(url).pathname))
    await expect.poll(() => openFiles(service), { interval: 5 }).toBe(1)
    const closing = closingTime(service)
    await refusesConnections(service)
    wire.socket.resume()
    expect((await wire.response()).body.equals(large.bytes)).toBe(true)
    expect(await closing).toBeLessThan(10_000)
  })

  it('does not wait for connections on which nothing is under way', async () => {
    const service = await startTestService()
    const silent = await openWire(service)
    const hesitant = await openWire(service)
    await hesitant.send('POST /v3/index.php?Act')
    const idle = await openWire(service)
    await idle.send(head('POST', targetOf(service, 'InitUpload', initParams(file))))
    await idle.answer()
    expect(await closingTime(service)).toBeLessThan(10_000)
    for (const wire of [silent, hesitant, idle]) expect(await wire.closed()).toHaveLength(0)
  })

  it('cuts off what takes too long, and keeps nothing of it', async () => {
    const service = await startTestService({ SLUICE_DRAIN_TIMEOUT: '100ms' })
    await callServer(service, 'InitUpload', initParams(file))
    const wire = await openWire(service)
    await wire.send(post(partCall(service, file)).subarray(0, -1))
    await poolBecomes(service, { bytes: 1_048_576, waiting: 0 })
    expect(await closingTime(service)).toBeLessThan(10_000)
    expect(await wire.closed()).toHaveLength(0)
    const again = await service.restart()
    expect(await callServer(again, 'InitUpload', initParams(file))).toMatchObject({ code: 0, dataSize: 524_288 })
  })

  it('may be told so again', async () => {
    const service = await startTestService()
    await Promise.all([service.close(), service.close()])
    await service.close()
    await refusesConnections(service)
  })
})
