import { encodeQuery } from '@sluice/protocol'
import { openSqlite } from '@sluice/server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newApp, newCredential } from '../src/auth/app-accounts.ts'
import { changeAppSettings } from '../src/settings/app-settings.ts'
import { addFile, sha } from './support/records.ts'
import { sampleFile, startTestService, type TestService, uploadWhole } from './support/service.ts'
import { wireVectors } from './support/vectors.ts'
import { callVod, sendVod, type VodAnswer, vodDone, vodFailed, vodPairs } from './support/vod-calls.ts'

interface Pulled {
  readonly msgHandle: string
  readonly eventContent: { eventType: string; data: { fileId: string } }
}

const listOf = (answer: VodAnswer) => answer['eventList'] as Pulled[]
const fileIdsOf = (events: readonly Pulled[]) => events.map(({ eventContent }) => eventContent.data.fileId)
const pull = async (service: TestService) => listOf(await callVod(service, 'PullEvent'))

/** Confirms handles, numbered from 0 unless told otherwise. */
function confirm(service: TestService, handles: readonly string[], from = 0): Promise<VodAnswer> {
  return callVod(
    service,
    'ConfirmEvent',
    Object.fromEntries(handles.map((handle, n) => [`msgHandle.${n + from}`, handle])),
  )
}

/** Uploads small files; returns their ids. */
async function uploadFiles(service: TestService, count: number, firstSeed = 1): Promise<string[]> {
  const fileIds: string[] = []
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    fileIds.push((await uploadWhole(service, sampleFile(1_000, seed))).fileId ?? '')
  }
  return fileIds
}

/** The store of a service, as another process opens it. */
async function storeOf({ directory }: TestService) {
  const metadata = await openSqlite(directory)
  onTestFinished(() => metadata.close())
  return metadata
}

/** Resolves when so many pollers wait. */
async function pollersWait(service: TestService, count: number): Promise<void> {
  const waiting = async () => {
    const text = await (await fetch(`${service.url}/metrics`)).text()
    return Number(/^sluice_waiting_pollers (\d+)/m.exec(text)?.[1])
  }
  await expect.poll(waiting, { interval: 5 }).toBe(count)
}

describe('PullEvent', () => {
  it('answers with the event as an object and a handle that a query needs no escapes for', async () => {
    const service = await startTestService()
    const { fileId, url } = await uploadWhole(service, sampleFile(1_000))
    const answer = await callVod(service, 'PullEvent')
    expect(answer).toEqual(
      vodDone({ eventList: [{ msgHandle: expect.any(String), eventContent: expect.any(Object) }] }),
    )
    const [event] = listOf(answer)
    expect(event?.eventContent).toMatchObject({
      version: '4.0',
      eventType: 'NewFileUpload',
      data: { fileId, fileUrl: url },
    })
    expect(event?.msgHandle).toMatch(/^[A-Za-z0-9._-]+$/)
  })

  it.each(['GET', 'POST'] as const)('and ConfirmEvent go by both names and both signatures: %s', async (method) => {
    const service = await startTestService()
    await uploadFiles(service, 2)
    for (const [pulls, confirms, signatureMethod] of [
      ['PullEvent', 'ConfirmEvent', 'HmacSHA256'],
      ['PullVodEvent', 'ConfirmVodEvent', undefined],
    ] as const) {
      const [event] = listOf(await callVod(service, pulls, {}, { method, signatureMethod }))
      const params = { 'msgHandle.1': event?.msgHandle }
      expect(await callVod(service, confirms, params, { method, signatureMethod })).toEqual(vodDone())
      service.advance(30_000)
    }
    expect(await (await storeOf(service)).countQueued()).toEqual([])
  })

  it('and ConfirmEvent are understood as the golden vectors have them', async () => {
    const service = await startTestService()
    const fileIds = await uploadFiles(service, 1)
    const [pulling, confirming] = wireVectors(/^C1[01]$/)
    const form = new URLSearchParams(pulling?.request.body)
    const answer = await sendVod(service, [...form], 'POST')
    expect(fileIdsOf(listOf(answer))).toEqual(fileIds)
    const confirmed = await sendVod(service, [...new URLSearchParams(confirming?.request.query)])
    expect(confirmed).toEqual(vodFailed(4000)) // the signature is right, the handles are of another service
    for (const handle of ['q1+/7A==', 'q1+/8B==']) expect(confirmed.message).toContain(handle)
  })

  it('gives out at most 16, the oldest first, and none of them to another', async () => {
    const service = await startTestService()
    const fileIds = await uploadFiles(service, 20)
    const [first, second] = [await pull(service), await pull(service)]
    expect(fileIdsOf(first)).toEqual(fileIds.slice(0, 16))
    expect(fileIdsOf(second)).toEqual(fileIds.slice(16))
  })

  it('gives out again, under a new handle, what is not confirmed in 30 s', async () => {
    const service = await startTestService({}, { frozen: true })
    const fileIds = await uploadFiles(service, 2)
    const first = await pull(service)
    service.advance(29_999)
    const held = pull(service)
    await pollersWait(service, 1)
    service.advance(1)
    const again = await held // found by the look that is taken every second
    expect(fileIdsOf(again)).toEqual(fileIds)
    expect(again.map((one) => one.msgHandle)).not.toEqual(first.map((one) => one.msgHandle))
    expect(
      await confirm(
        service,
        first.map((one) => one.msgHandle),
      ),
    ).toEqual(vodFailed(4000))
    expect(
      await confirm(
        service,
        again.map((one) => one.msgHandle),
      ),
    ).toEqual(vodDone())
  })

  it('is answered the moment an event is committed, one poller for each', async () => {
    const service = await startTestService()
    const held = Array.from({ length: 3 }, () => pull(service))
    await pollersWait(service, 3)
    const fileIds = []
    for (const seed of [1, 2, 3]) {
      fileIds.push(...(await uploadFiles(service, 1, seed)))
      await pollersWait(service, 3 - seed)
    }
    expect((await Promise.all(held)).map(fileIdsOf)).toEqual(fileIds.map((fileId) => [fileId]))
  })

  it('finds what another process has recorded', async () => {
    const service = await startTestService()
    const held = pull(service)
    await pollersWait(service, 1)
    await addFile(await storeOf(service), { fileId: '77', fileSha: sha('7') }, service.now())
    expect(fileIdsOf(await held)).toEqual(['77'])
  })

  it('answers with an empty list after 5 s without an event', { timeout: 20_000 }, async () => {
    const service = await startTestService()
    const startedAt = performance.now()
    expect(await callVod(service, 'PullEvent')).toEqual(vodDone({ eventList: [] }))
    expect(performance.now() - startedAt).toBeGreaterThan(4_900)
  })

  it('ends when the client hangs up, and its events go to the next', async () => {
    const service = await startTestService()
    const left = new AbortController()
    const query = encodeQuery(vodPairs(service, 'PullEvent'))
    const held = fetch(`${service.url}/v2/index.php?${query}`, { signal: left.signal })
    await pollersWait(service, 1)
    left.abort()
    await expect(held).rejects.toThrow('aborted')
    await pollersWait(service, 0)
    const fileIds = await uploadFiles(service, 1)
    expect(fileIdsOf(await pull(service))).toEqual(fileIds)
  })

  it('is answered at once when the service closes', async () => {
    const service = await startTestService()
    const held = pull(service)
    await pollersWait(service, 1)
    const startedAt = performance.now()
    await service.close()
    expect(await held).toEqual([])
    expect(performance.now() - startedAt).toBeLessThan(4_000)
  })

  it('is for apps in reliable mode', async () => {
    const service = await startTestService({ SLUICE_EVENT_MODE: 'off' })
    const fileIds = await uploadFiles(service, 1)
    expect(await callVod(service, 'PullEvent')).toEqual(vodFailed(4300))
    const on = await service.restart({ SLUICE_EVENT_MODE: 'callback' })
    expect(await callVod(on, 'PullEvent')).toEqual(vodFailed(4300))
    const metadata = await storeOf(on)
    await changeAppSettings(metadata, 1_251_000_001, { eventMode: 'reliable' })
    const again = await on.restart()
    expect(fileIdsOf(await pull(again))).toEqual(fileIds)
  })

  it('leaves out what the app does not want', async () => {
    const service = await startTestService()
    await uploadFiles(service, 1)
    await changeAppSettings(await storeOf(service), 1_251_000_001, { eventTypes: 'FileDeleted,PullComplete' })
    const again = await service.restart()
    const held = pull(again)
    await pollersWait(again, 1)
    await again.close()
    expect(await held).toEqual([])
  })

  it('keeps to the app that asks', async () => {
    const service = await startTestService()
    const metadata = await storeOf(service)
    await metadata.addApp(newApp(7, 0))
    const keys = newCredential(7, 0)
    await metadata.putCredential(keys)
    await uploadFiles(service, 1)
    const [event] = await pull(service)
    const params = { 'msgHandle.0': event?.msgHandle }
    expect(await callVod(service, 'ConfirmEvent', params, { keys })).toEqual(vodFailed(4000))
    expect(await callVod(service, 'ConfirmEvent', params)).toEqual(vodDone())
  })

  it('survives a restart, and so do handles', async () => {
    const service = await startTestService({}, { frozen: true })
    const fileIds = await uploadFiles(service, 17)
    const [event, ...others] = await pull(service)
    const again = await service.restart()
    expect(fileIdsOf(await pull(again))).toEqual(fileIds.slice(16))
    expect(await confirm(again, [event?.msgHandle ?? ''])).toEqual(vodDone())
    again.advance(30_000)
    expect(fileIdsOf(await pull(again))).toEqual([...fileIdsOf(others), ...fileIds.slice(16)].slice(0, 16))
  })

  it('has an event for seven days, and then no more', async () => {
    const service = await startTestService({}, { frozen: true })
    const fileIds = await uploadFiles(service, 1)
    service.advance(7 * 86_400_000)
    const again = await service.restart()
    const metadata = await storeOf(again)
    expect(fileIdsOf(await pull(again))).toEqual(fileIds)
    again.advance(1)
    await again.restart() // upkeep goes round at the start
    await expect.poll(() => metadata.listEvents({ appId: undefined, limit: 9 }), { interval: 20 }).toEqual([])
  })

  it('and ConfirmEvent are not answered a second time', async () => {
    const service = await startTestService()
    await uploadFiles(service, 1)
    const pulling = vodPairs(service, 'PullEvent', {}, { method: 'POST' })
    const [event] = listOf(await sendVod(service, pulling, 'POST'))
    expect(await sendVod(service, pulling, 'POST')).toEqual(vodFailed(4500))
    const confirming = vodPairs(service, 'ConfirmEvent', { 'msgHandle.0': event?.msgHandle })
    expect(await sendVod(service, confirming)).toEqual(vodDone())
    expect(await sendVod(service, confirming)).toEqual(vodFailed(4500))
  })
})

describe('ConfirmEvent', () => {
  it('takes handles numbered from anything, and those it took before', async () => {
    const service = await startTestService({}, { frozen: true })
    await uploadFiles(service, 5)
    const handles = (await pull(service)).map((one) => one.msgHandle)
    for (const from of [0, 1, 9]) expect(await confirm(service, handles.slice(0, 3), from)).toEqual(vodDone())
    expect(await confirm(service, handles)).toEqual(vodDone())
    service.advance(3_600_000)
    expect(await confirm(service, handles)).toEqual(vodDone())
  })

  it('confirms what it can and names the others', async () => {
    const service = await startTestService({}, { frozen: true })
    const fileIds = await uploadFiles(service, 3)
    const [a = '', b = '', c = ''] = (await pull(service)).map((one) => one.msgHandle)
    const unknown = ['', 'x', '1', `${a}x`, a.replace(/.$/, '!'), '9.AAAAAAAAAAAAAAAAAAAA', '0', '%00']
    const answer = await confirm(service, [a, ...unknown.slice(1), c])
    expect(answer).toEqual(vodFailed(4000))
    for (const handle of unknown) expect(answer.message).toContain(handle)
    for (const handle of [a, c]) expect(answer.message.split(/[ ,]+/)).not.toContain(handle)
    service.advance(30_000)
    expect((await confirm(service, [a, b])).message).toContain(b)
    expect(fileIdsOf(await pull(service))).toEqual([fileIds[1]])
  })

  it('needs a handle, and takes no more than 100', async () => {
    const service = await startTestService()
    await uploadFiles(service, 1)
    const [event] = await pull(service)
    expect(await callVod(service, 'ConfirmEvent')).toEqual(vodFailed(4000))
    expect(await callVod(service, 'ConfirmEvent', { msgHandle: event?.msgHandle })).toEqual(vodFailed(4000))
    const handles = Array.from({ length: 101 }, () => event?.msgHandle ?? '')
    expect(await confirm(service, handles)).toEqual(vodFailed(4000))
    expect(await confirm(service, handles.slice(1))).toEqual(vodDone())
  })
})
