import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { poolBecomes, poolIsEmpty, readPool } from './support/metrics.ts'
import { callServer, initParams, sampleFile, startTestService, type TestService } from './support/service.ts'
import { openWire, type Wire } from './support/wire.ts'
import { head, partCall, post } from './support/wire-calls.ts'

const done = { code: 0, message: '', codeDesc: '', canRetry: 0 }
const oneSlot = 1_048_576

/** Files of one part each, announced. */
async function announceFiles(service: TestService, count: number) {
  const files = Array.from({ length: count }, (_, index) => sampleFile(300_000, index + 1))
  for (const file of files) expect((await callServer(service, 'InitUpload', initParams(file))).code).toBe(0)
  return files
}

/** A part of which half is sent. */
async function sendHalf(service: TestService, file: ReturnType<typeof sampleFile>) {
  const wire = await openWire(service)
  const request = post(partCall(service, file))
  await wire.send(request.subarray(0, 150_000))
  return { wire, rest: request.subarray(150_000) }
}

/** Sends bytes of a file nobody stores at an even pace until the service has enough of it. Returns how long that took. */
async function trickle(wire: Wire, bytes: Uint8Array): Promise<number> {
  const startedAt = performance.now()
  let isOver = false
  const over = wire.closed().then(() => {
    isOver = true
  })
  for (let at = 0; !isOver && at < bytes.length; at++) {
    await wire.send(bytes.subarray(at, at + 1)).catch(() => {})
    await sleep(10)
  }
  await over
  return performance.now() - startedAt
}

describe('a client is cut off', () => {
  it('when the head of its request takes too long, even if it keeps sending', async () => {
    const service = await startTestService({ SLUICE_HEADER_TIMEOUT: '200ms' })
    const [silent, slow] = [await openWire(service), await openWire(service)]
    const isOver = silent.closed()
    expect(await trickle(slow, Buffer.from(head('GET', `/${'x'.repeat(300)}`)))).toBeLessThan(2_000)
    await isOver
    const fresh = await openWire(service)
    await fresh.send(head('GET', '/healthz'))
    expect((await fresh.response()).status).toBe(200)
  })

  it('when its connection idles too long after a call', async () => {
    const service = await startTestService({ SLUICE_KEEP_ALIVE_TIMEOUT: '50ms' })
    const wire = await openWire(service)
    await wire.send(head('POST', '/v3/index.php'))
    await wire.answer()
    const startedAt = performance.now()
    expect(await wire.closed()).toHaveLength(0)
    expect(performance.now() - startedAt).toBeLessThan(4_000) // Node.js adds a second; by itself it would wait for five
  })

  it('when nothing of a body comes for too long', async () => {
    const service = await startTestService({ SLUICE_BODY_IDLE_TIMEOUT: '100ms' })
    const [file] = await announceFiles(service, 1)
    const { wire } = await sendHalf(service, file ?? sampleFile(1))
    expect(await wire.closed()).toHaveLength(0)
    await poolIsEmpty(service)
  })

  it('when a body keeps coming but takes too long, and is then read no further', async () => {
    const service = await startTestService({ SLUICE_BODY_TIMEOUT: '1s' })
    const [file = sampleFile(1)] = await announceFiles(service, 1)
    const wire = await openWire(service)
    const { target, body } = partCall(service, file)
    await wire.send(head('POST', target, { 'Content-Length': body.length }))
    expect(await trickle(wire, body)).toBeLessThan(1_800)
    expect(await wire.closed()).toHaveLength(0)
    await poolIsEmpty(service)
  })

  it('with its answer when the rest of a refused body does not come', async () => {
    const service = await startTestService({ SLUICE_BODY_IDLE_TIMEOUT: '100ms' })
    const wire = await openWire(service)
    await wire.send(head('POST', '/v3/index.php?Action=None', { 'Content-Length': 1_000 }))
    const response = await wire.response()
    expect(JSON.parse(String(response.body))).toMatchObject({ code: -10001 })
    expect(response.headers['connection']).toBe('close')
    await wire.closed()
  })
})

describe('the memory of parts in flight', () => {
  it('is never more than the budget: the other parts wait, and all are stored', async () => {
    const service = await startTestService({ SLUICE_MEMORY_BUDGET: '2MiB' })
    const files = await announceFiles(service, 20)
    const halves = await Promise.all(files.map((file) => sendHalf(service, file)))
    await poolBecomes(service, { bytes: 2 * oneSlot, waiting: 18 })

    const answers = Promise.all(
      halves.map(async ({ wire, rest }) => {
        await wire.send(rest)
        return wire.answer()
      }),
    )
    let most = 0
    let isOver = false
    void answers.finally(() => {
      isOver = true
    })
    while (!isOver) most = Math.max(most, (await readPool(service)).bytes)
    expect(await answers).toEqual(files.map(() => done))
    expect(most).toBe(2 * oneSlot)
    await poolIsEmpty(service)
  })

  it('is not waited for by a part whose announced length is wrong', async () => {
    const service = await startTestService({ SLUICE_MEMORY_BUDGET: '1MiB' })
    const [first = sampleFile(1), second = sampleFile(1)] = await announceFiles(service, 2)
    await sendHalf(service, first)
    await poolBecomes(service, { bytes: oneSlot, waiting: 0 })
    const wire = await openWire(service)
    await wire.send(post({ target: partCall(service, second).target, body: Buffer.alloc(5) }))
    expect(await wire.answer()).toMatchObject({ code: -10006, canRetry: 1 })
  })

  it('is not kept for a client that hangs up while it waits', async () => {
    const service = await startTestService({ SLUICE_MEMORY_BUDGET: '1MiB' })
    const [first, second, third] = await announceFiles(service, 3)
    if (!first || !second || !third) throw new Error('three files were announced')
    const holder = await sendHalf(service, first)
    await poolBecomes(service, { bytes: oneSlot, waiting: 0 })
    const leaver = await openWire(service)
    await leaver.send(head('POST', partCall(service, second).target, { 'Content-Length': second.bytes.length }))
    await poolBecomes(service, { bytes: oneSlot, waiting: 1 })
    // This one has sent more than is read of it while it waits, so that its leaving shows only in its turn.
    const lateLeaver = await openWire(service)
    await lateLeaver.send(post(partCall(service, second)).subarray(0, -1))
    const stayer = await sendHalf(service, third)
    await poolBecomes(service, { bytes: oneSlot, waiting: 3 })
    leaver.hangUp()
    await poolBecomes(service, { bytes: oneSlot, waiting: 2 })
    lateLeaver.hangUp()
    await stayer.wire.send(stayer.rest)
    await holder.wire.send(holder.rest)
    expect([await holder.wire.answer(), await stayer.wire.answer()]).toEqual([done, done])
    await poolIsEmpty(service)
  })

  it('is taken from a client that stops sending, and the others go on', async () => {
    const service = await startTestService({ SLUICE_MEMORY_BUDGET: '1MiB', SLUICE_BODY_IDLE_TIMEOUT: '200ms' })
    const [stalled, ...others] = await announceFiles(service, 5)
    const { wire } = await sendHalf(service, stalled ?? sampleFile(1))
    await poolBecomes(service, { bytes: oneSlot, waiting: 0 })
    const answers = others.map(async (file) => {
      const other = await openWire(service)
      await other.send(post(partCall(service, file)))
      return other.answer()
    })
    await poolBecomes(service, { bytes: oneSlot, waiting: 4 })
    expect(await wire.closed()).toHaveLength(0)
    expect(await Promise.all(answers)).toEqual(others.map(() => done))
    await poolIsEmpty(service)
  })
})
