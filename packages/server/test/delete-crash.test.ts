import { expect, it } from 'vitest'
import { type ChildService, startChildService } from './support/child-service.ts'
import { type Answer, callServer, initParams, sampleFile, temporaryDirectory } from './support/service.ts'
import { settledAudit } from './support/settled-audit.ts'
import { inject, noStrace } from './support/strace.ts'
import { recordedEvents, sealedBlobs } from './support/tables.ts'
import { callVod, vodDone } from './support/vod-calls.ts'

const video = sampleFile(1_000)
const picture = sampleFile(500, 7)

/** Sends a file in one call. */
function send(
  service: ChildService,
  file: typeof video,
  params: Record<string, string | number> = {},
): Promise<Answer> {
  return callServer(
    service,
    'SmallFileUpload',
    { ...initParams(file, file.bytes.length), ...params },
    { body: file.bytes },
  )
}

const remove = (service: ChildService, fileId = '') => callVod(service, 'DeleteVodFile', { fileId, priority: 0 })

/** The steps a deletion takes: its commit, then for the file and for its cover the bytes and what says they are gone. */
const steps = ['pwrite64:when=1', 'fsync:when=1', 'unlink:when=1', 'fsync:when=2', 'unlink:when=2', 'fsync:when=3']

it.each(steps)(
  'leaves nothing half-deleted when it is killed right before a step: %s',
  { timeout: 60_000 },
  async (step) => {
    if (noStrace !== undefined) return expect.soft(noStrace).toBeUndefined()
    const directory = await temporaryDirectory()
    const service = await startChildService(directory, { UV_THREADPOOL_SIZE: '1' })
    const { fileId } = await send(service, video)
    expect((await send(service, picture, { 'extra.usage': 1, 'extra.fileId': fileId ?? '' })).code).toBe(0)
    const injection = await inject(service.pid, step.replace(':', ':signal=KILL:'))
    const answer = await remove(service, fileId).catch(() => 'killed')
    await service.kill()
    await injection.stop()
    expect(answer).toBe('killed')

    const next = await startChildService(directory)
    expect(await settledAudit(directory)).toEqual([])
    const isDeleted = recordedEvents({ directory }).length === 2
    expect(sealedBlobs({ directory })).toHaveLength(isDeleted ? 0 : 2)
    if (!isDeleted) expect(await remove(next, fileId)).toEqual(vodDone())
    const again = await send(next, video)
    expect(again).toMatchObject({ code: 0 })
    expect(again.fileId).not.toBe(fileId)
    expect(await settledAudit(directory)).toEqual([])
    await next.kill()
  },
)

it('answers that a file is deleted though its bytes cannot be removed, and removes them later', async ({ skip }) => {
  skip(noStrace !== undefined, noStrace)
  const directory = await temporaryDirectory()
  const service = await startChildService(directory)
  const { fileId, url = '' } = await send(service, video)
  const injection = await inject(service.pid, 'unlink:error=EIO')
  expect(await remove(service, fileId)).toEqual(vodDone())
  await injection.stop()
  expect(sealedBlobs({ directory })).toEqual([fileId])
  expect((await fetch(url)).status).toBe(404)
  await service.kill()
  await startChildService(directory)
  expect(await settledAudit(directory)).toEqual([])
  expect(sealedBlobs({ directory })).toEqual([])
})
