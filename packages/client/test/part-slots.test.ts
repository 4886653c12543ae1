import { partSlots, upload } from '@sluice/client'
import { expect, test } from 'vitest'
import { fixture, memorySource, optionsFor, partSize } from './fixtures.ts'
import { answer, memoryService } from './memory-service.ts'

const files = [1, 2, 3].map((nth) => memorySource(fixture(5 * partSize + nth)))

/** A service that holds every part back until `open` is called, and counts those under way. */
function gatedService(refuses?: (dataSize: number) => boolean) {
  let underWay = 0
  const seen: number[] = []
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  const service = memoryService()
  const transport: typeof service.transport = async (request) => {
    const params = new URL(request.url).searchParams
    if (params.get('Action') !== 'UploadPart') return service.transport(request)
    seen.push(++underWay)
    await opened
    underWay--
    if (refuses?.(Number(params.get('dataSize')))) return answer({ code: -4300, message: 'no' })
    return service.transport(request)
  }
  return { ...service, transport, seen, open }
}

test('uploads that share slots have no more parts under way than there are, and all end', async () => {
  const service = gatedService()
  const slots = partSlots(4)
  const running = files.map((file) => upload(file, optionsFor(service.transport, { slots })))
  await expect.poll(() => service.seen.length).toBe(4)
  service.open()
  const results = await Promise.all(running)
  expect(new Set(results.map(({ fileId }) => fileId)).size).toBe(3)
  expect(service.seen).toHaveLength(18)
  expect(Math.max(...service.seen)).toBe(4)
})

test('what fails or is aborted gives its slots back', async () => {
  const service = gatedService((dataSize) => dataSize === 1)
  const slots = partSlots(1)
  const stop = new AbortController()
  const start = async (size: number, signal = new AbortController().signal) => {
    const running = upload(memorySource(fixture(size)), optionsFor(service.transport, { slots, signal }))
    return (await Promise.allSettled([running]))[0]
  }
  const failing = start(1)
  await expect.poll(() => service.seen.length).toBe(1)
  const aborted = start(9, stop.signal)
  const last = start(7)
  await expect.poll(() => service.actions().filter((action) => action === 'InitUpload').length).toBe(3)
  stop.abort(new Error('paused'))
  expect(await aborted).toMatchObject({ status: 'rejected', reason: { message: 'paused' } })
  service.open()
  expect(await failing).toMatchObject({ status: 'rejected', reason: { code: -4300 } })
  expect(await last).toMatchObject({ status: 'fulfilled', value: { instant: false } })
})

test('there is no room for less than one part', () => {
  expect(() => partSlots(0)).toThrow(RangeError)
  expect(() => partSlots(1.5)).toThrow(RangeError)
})
