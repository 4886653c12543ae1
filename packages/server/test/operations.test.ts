import { describe, expect, it } from 'vitest'
import { createMetrics } from '../src/observe/metrics.ts'
import { startListener } from './support/listeners.ts'
import { poolIsEmpty, readMetrics } from './support/metrics.ts'
import { play } from './support/players.ts'
import { callServer, initParams, sampleFile, sendPart, startTestService, uploadWhole } from './support/service.ts'
import { openWire } from './support/wire.ts'
import { partCall, post } from './support/wire-calls.ts'

const file = sampleFile(1_300_000)
const failedOnce = (action: string, code: number | string) => `sluice_requests_total{action="${action}",code="${code}"}`

describe('/healthz', () => {
  it('says that the service takes calls', async () => {
    const { url } = await startTestService()
    const { status, body } = await play(`${url}/healthz`)
    expect({ status, text: String(body) }).toEqual({ status: 200, text: 'ok\n' })
    expect((await play(`${url}/healthz`, { method: 'HEAD' })).status).toBe(200)
  })

  it('says that it does not when it is on its way down', async () => {
    const { url } = await startListener({ operations: { metrics: createMetrics(), isDraining: () => true } })
    const { status, body } = await play(`${url}/healthz`)
    expect({ status, text: String(body) }).toEqual({ status: 503, text: 'draining\n' })
  })
})

describe('/metrics', () => {
  it('is a page in the format of Prometheus', async () => {
    const service = await startTestService()
    await uploadWhole(service, file)
    const { status, headers, body } = await play(`${service.url}/metrics`)
    expect({ status, type: headers['content-type'] }).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
    })
    const types = new Map<string, string>()
    const page = String(body)
    expect(page.endsWith('\n')).toBe(true)
    for (const line of page.split('\n').filter((one) => one !== '')) {
      const [, name = '', type = ''] = /^# TYPE ([a-z0-9_]+) (counter|gauge|histogram|summary)$/.exec(line) ?? []
      if (name) types.set(name, type)
      if (line.startsWith('#')) expect(line).toMatch(/^# (HELP|TYPE) [a-z0-9_]+ \S/)
      else {
        const [, sample = ''] =
          /^([a-z0-9_]+)(?:\{(?:[a-z0-9_]+="[^"\\]*",?)+\})? (?:[-+]?[\d.]+(?:e[-+]?\d+)?|\+Inf|NaN)$/.exec(line) ?? []
        expect(types.has(sample) || types.get(sample.replace(/_(bucket|sum|count)$/, '')) === 'histogram', line).toBe(
          true,
        )
      }
    }
    expect(Object.fromEntries([...types].filter(([name]) => name.startsWith('sluice_')))).toEqual({
      sluice_requests_total: 'counter',
      sluice_request_seconds: 'histogram',
      sluice_parts_total: 'counter',
      sluice_part_bytes_total: 'counter',
      sluice_sync_seconds: 'histogram',
      sluice_commit_seconds: 'histogram',
      sluice_committed_parts_total: 'counter',
      sluice_bytes_in_flight: 'gauge',
      sluice_waiting_requests: 'gauge',
      sluice_verifier_lag_bytes: 'gauge',
      sluice_open_uploads: 'gauge',
      sluice_event_attempts_total: 'counter',
      sluice_event_failures_total: 'counter',
      sluice_queued_events: 'gauge',
      sluice_oldest_event_seconds: 'gauge',
      sluice_dead_events: 'gauge',
      sluice_waiting_pollers: 'gauge',
    })
  })

  it('shows an upload on its way, and its end', async () => {
    const service = await startTestService()
    await callServer(service, 'InitUpload', initParams(file))
    await sendPart(service, file, 524_288)
    const midway = await readMetrics(service)
    expect(midway('sluice_open_uploads')).toBe(1)
    expect(midway('sluice_verifier_lag_bytes')).toBe(1_048_576) // the gap counts: nothing behind it can be hashed
    expect(midway('sluice_bytes_in_flight')).toBe(1_048_576)

    for (const offset of [0, 1_048_576]) await sendPart(service, file, offset)
    await sendPart(service, file, 0) // again: acknowledged, but not stored
    await callServer(service, 'FinishUpload', { fileSha: file.fileSha })
    const metric = await readMetrics(service)
    expect(metric(failedOnce('InitUpload', 0))).toBe(1)
    expect(metric(failedOnce('UploadPart', 0))).toBe(4)
    expect(metric(failedOnce('FinishUpload', 0))).toBe(1)
    expect(metric('sluice_request_seconds_count{action="UploadPart"}')).toBe(4)
    expect(metric('sluice_parts_total')).toBe(4)
    expect(metric('sluice_part_bytes_total')).toBe(1_300_000 + 524_288)
    expect(metric('sluice_committed_parts_total')).toBe(3)
    expect(metric('sluice_commit_seconds_count')).toBe(3)
    expect(metric('sluice_sync_seconds_count')).toBe(3)
    for (const name of ['open_uploads', 'verifier_lag_bytes', 'bytes_in_flight', 'waiting_requests']) {
      expect(metric(`sluice_${name}`), name).toBe(0)
    }
  })

  it('counts what failed by its code', async () => {
    const service = await startTestService()
    await callServer(service, 'FinishUpload', { fileSha: file.fileSha })
    await callServer(service, 'InitUpload', { ...initParams(file), fileSize: 0 })
    await callServer(service, 'DescribeAll', {})
    await callServer(service, 'Report', {})
    await callServer(service, 'InitUpload', initParams(file))
    const wire = await openWire(service)
    await wire.send(post(partCall(service, file)).subarray(0, -1))
    wire.hangUp()
    await poolIsEmpty(service)
    const counted = [
      failedOnce('FinishUpload', -10005),
      failedOnce('InitUpload', -10003),
      failedOnce('unknown', -10001),
      failedOnce('Report', 0),
      failedOnce('UploadPart', 'aborted'),
    ]
    for (const name of counted) await expect.poll(async () => (await readMetrics(service))(name)).toBe(1)
    expect((await readMetrics(service))('sluice_parts_total')).toBe(0)
  })
})

describe('maintenance', () => {
  it('refuses uploads for the time being, and goes on playing', async () => {
    const service = await startTestService()
    const { url = '' } = await uploadWhole(service, file)
    const closed = await service.restart({ SLUICE_MAINTENANCE: 'on' })
    const refused = { code: -6200, canRetry: 1, codeDesc: '6200' }
    for (const call of [
      callServer(closed, 'InitUpload', initParams(file)),
      sendPart(closed, file, 0),
      callServer(closed, 'FinishUpload', { fileSha: file.fileSha }),
    ]) {
      expect(await call).toMatchObject(refused)
    }
    const strangers = { secretId: 'nobody', secretKey: 'nobody' }
    expect((await callServer(closed, 'InitUpload', initParams(file), { keys: strangers })).code).toBe(-10002)
    expect((await callServer(closed, 'Report', {})).code).toBe(0)
    expect((await play(`${closed.url}/healthz`)).status).toBe(200)
    expect((await play(closed.url, { path: new URL(url).pathname })).body.equals(file.bytes)).toBe(true)
    expect((await readMetrics(closed))(failedOnce('UploadPart', -6200))).toBe(1)

    const open = await closed.restart({ SLUICE_MAINTENANCE: 'off' })
    expect((await callServer(open, 'InitUpload', initParams(sampleFile(5, 9)))).code).toBe(0)
  })
})
