import { pullComplete } from '@sluice/protocol'
import { expect, it } from 'vitest'
import type { ClaimedPull, Metadata, Pull } from '../../src/metadata/metadata.ts'
import { addFile, fileOf, firstApp, secondApp, sha, upload } from './records.ts'

const taskId = (n: number) => `Pull-${String(n).padStart(32, '0')}`

function pullOf(n: number, given: Partial<Pull> = {}): Pull {
  return {
    ...{ taskId: taskId(n), appId: firstApp.appId, fileId: String(100 + n), url: `http://files.test/${n}?a="';--` },
    ...{ fileName: `文件 ${n}`, fileType: 'mp4', fileMd5: null, classId: 3, tags: ['a', '"'], attempts: 0 },
    createdAt: 10_000 + n,
    ...given,
  }
}

const eventOf = ({ taskId, fileId }: Pull) =>
  pullComplete({ taskId, status: 0, message: '', fileId, fileUrl: 'http://x' })

async function claim(metadata: Metadata, leaseId = 'a', now = 20_000): Promise<ClaimedPull> {
  const claimed = await metadata.claimPull(leaseId, now, now + 1_000)
  if (!claimed) throw new Error('nothing is due')
  return claimed
}

/** What the records of pulls promise. */
export function pullsContract(open: () => Promise<Metadata>): void {
  it('takes pulls of an app as long as it has room for all of them', async () => {
    const metadata = await open()
    expect(await metadata.addPulls([pullOf(1), pullOf(2)], 3)).toBe(true)
    expect(await metadata.addPulls([pullOf(3), pullOf(4)], 3)).toBe(false)
    expect(await metadata.addPulls([pullOf(5, { appId: secondApp.appId })], 3)).toBe(true)
    expect(await metadata.addPulls([pullOf(6)], 3)).toBe(true)
    expect(await metadata.addPulls([pullOf(7)], 3)).toBe(false)
    expect(await metadata.addPulls([], 3)).toBe(true)
    expect(await metadata.whichPulls(['101', '103', '105'])).toEqual(new Set(['101', '105']))
  })

  it('gives each pull to one at a time, the oldest first, until its lease runs out', async () => {
    const metadata = await open()
    await metadata.addPulls([pullOf(2), pullOf(1), pullOf(3)], 9)
    const claimed = await Promise.all(
      ['a', 'b', 'c', 'd'].map((leaseId) => metadata.claimPull(leaseId, 20_000, 21_000)),
    )
    expect(claimed.map((pull) => pull?.taskId).sort()).toEqual([taskId(1), taskId(2), taskId(3), undefined].sort())
    expect(claimed.find((pull) => pull?.taskId === taskId(1))).toEqual({ ...pullOf(1), attempts: 1, leaseId: 'a' })

    const [first] = claimed
    if (!first) throw new Error('it was claimed')
    expect(await metadata.renewPull(first, 30_000)).toBe(true)
    expect((await claim(metadata, 'e', 21_000)).taskId).toBe(taskId(2))
    expect((await claim(metadata, 'f', 21_000)).taskId).toBe(taskId(3))
    expect(await metadata.claimPull('g', 21_999, 50_000)).toBeUndefined()
    expect(await claim(metadata, 'h', 30_000)).toMatchObject({ taskId: taskId(1), attempts: 2 })
    expect(await metadata.renewPull(first, 99_000)).toBe(false)
  })

  it('serves apps in turn, but for those that are disabled', async () => {
    const metadata = await open()
    await metadata.addPulls([pullOf(1), pullOf(2), pullOf(3)], 9)
    await metadata.addPulls([pullOf(4, { appId: secondApp.appId }), pullOf(5, { appId: secondApp.appId })], 9)
    await metadata.setAppDisabled(firstApp.appId, 15_000)
    expect((await claim(metadata)).taskId).toBe(taskId(4))
    await metadata.setAppDisabled(firstApp.appId, null)
    const order: string[] = []
    for (let turn = 0; turn < 4; turn++) order.push((await claim(metadata)).taskId)
    expect(order).toEqual([1, 2, 5, 3].map(taskId))
  })

  it('is due again when it was given back', async () => {
    const metadata = await open()
    await metadata.addPulls([pullOf(1)], 9)
    const claimed = await claim(metadata)
    await metadata.retryPull(claimed, 25_000)
    expect(await metadata.claimPull('b', 24_999, 50_000)).toBeUndefined()
    expect(await claim(metadata, 'b', 25_000)).toMatchObject({ attempts: 2 })
    await metadata.retryPull(claimed, 0) // it is another's now
    expect(await metadata.claimPull('c', 25_000, 50_000)).toBeUndefined()
    await metadata.retryPull({ ...claimed, leaseId: 'b', attempts: 1 }, 0) // the second did not count
    expect(await claim(metadata, 'd', 25_000)).toMatchObject({ attempts: 2 })
  })

  it('ends as a file with its parts and its event, once', async () => {
    const metadata = await open()
    await metadata.addPulls([pullOf(1)], 9)
    const claimed = await claim(metadata)
    const file = fileOf(upload({ fileId: claimed.fileId, fileSha: sha('a') }))
    const parts = Array.from({ length: 1_201 }, (_, n) => ({ offset: n, dataSize: 1, dataMd5: '0'.repeat(32) }))
    const other = { ...claimed, leaseId: 'z' }
    expect(await metadata.finishPull(other, file, parts, eventOf(claimed))).toBeUndefined()
    expect(await metadata.finishPull(claimed, file, parts, eventOf(claimed))).toEqual(file)
    expect(await metadata.findFile(file.fileId)).toEqual(file)
    expect(await metadata.listParts(file.fileId)).toEqual(parts)
    const events = await metadata.listEvents({ appId: undefined, limit: 9 })
    expect(events).toMatchObject([{ eventType: 'PullComplete', fileId: file.fileId, content: eventOf(claimed) }])
    expect(await metadata.finishPull(claimed, file, parts, eventOf(claimed))).toBeUndefined()
    expect(await metadata.claimPull('b', 99_000, 99_999)).toBeUndefined()
  })

  it('changes nothing when the app has the file, and then ends without one', async () => {
    const metadata = await open()
    const there = await addFile(metadata)
    await metadata.addPulls([pullOf(1)], 9)
    const claimed = await claim(metadata)
    const file = fileOf(upload({ fileId: claimed.fileId, fileSha: there.fileSha }))
    expect(await metadata.finishPull(claimed, file, [], eventOf(claimed))).toEqual(there)
    expect(await metadata.listEvents({ appId: undefined, limit: 9 })).toHaveLength(1)
    expect(await metadata.endPull({ ...claimed, leaseId: 'z' }, eventOf(claimed), 30_000)).toBe(false)
    expect(await metadata.endPull(claimed, eventOf(claimed), 30_000)).toBe(true)
    expect(await metadata.endPull(claimed, eventOf(claimed), 30_000)).toBe(false)
    expect(await metadata.listEvents({ appId: undefined, limit: 9 })).toHaveLength(2)
    expect(await metadata.whichPulls([claimed.fileId])).toEqual(new Set())
    expect(await metadata.listDiscards(9)).toEqual([claimed.fileId])
  })
}
