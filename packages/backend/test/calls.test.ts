import { createBackend } from '@sluice/backend'
import { expect, expectTypeOf, it } from 'vitest'
import {
  keyPair,
  sampleFile,
  shareTestService,
  startTestService,
  uploadWhole,
} from '../../server/test/support/service.ts'
import { rejection } from './scripted-service.ts'

const shared = shareTestService()
const backendOf = ({ url, now }: ReturnType<typeof shared>) => createBackend({ url, ...keyPair, clock: now })

it('a file is described, changed, tagged, classed and deleted', async () => {
  const service = shared()
  const backend = backendOf(service)
  const { fileId = '', url } = await uploadWhole(service, sampleFile(1_000))
  const { newClassId } = await backend.call('CreateClass', { className: '影片' })
  await backend.call('ModifyVodInfo', { fileId, fileName: '新 名字', classId: Number(newClassId) })
  await backend.call('CreateVodTags', { fileId, tags: ['a', '中文'] })

  const { basicInfo, metaData } = await backend.call('GetVideoInfo', { fileId, infoFilter: ['basicInfo'] })
  expect(metaData).toBeUndefined()
  expect(basicInfo).toMatchObject({ name: '新 名字', size: 1_000, sourceVideoUrl: url, classificationName: '影片' })
  expect(basicInfo?.tags).toEqual(['a', '中文'])
  expectTypeOf(basicInfo?.createTime).toEqualTypeOf<number | undefined>()

  const from = new Date(service.now() - 60_000)
  const { totalCount, fileSet } = await backend.call('DescribeVodInfo', { from, to: new Date(service.now()) })
  expect([totalCount, fileSet[0]?.fileId]).toEqual([1, fileId])
  expect((await backend.call('DescribeVodInfo', { to: from })).totalCount).toBe(0)

  await backend.call('DeleteVodFile', { fileId, priority: 0 })
  const error = await rejection(backend.call('GetVideoInfo', { fileId }))
  expect(error).toMatchObject({ code: 10_008, codeDesc: 'FileNotFound', action: 'GetVideoInfo' })
})

it('what does not exist or is incomplete does not compile', () => {
  const backend = backendOf(shared())
  const never = () => {
    // @ts-expect-error there is no such action
    void backend.call('BanVideo', {})
    // @ts-expect-error fileId is missing
    void backend.call('GetVideoInfo', {})
    // @ts-expect-error there is no such parameter
    void backend.call('DescribeClass', { fileId: '1' })
    // @ts-expect-error there is no such part
    void backend.call('GetVideoInfo', { fileId: '1', infoFilter: ['drm'] })
  }
  expect(never).toBeTypeOf('function')
})

it('an address inside the network does, when a public host is signed', async () => {
  const service = await startTestService({ SLUICE_PUBLIC_HOSTS: 'vod.example.com' })
  const { url, now } = service
  const refused = await rejection(backendOf(service).call('DescribeClass', {}))
  expect(refused).toMatchObject({ code: 4100 })
  const backend = createBackend({ url, ...keyPair, clock: now, signHost: 'vod.example.com' })
  expect((await backend.call('DescribeClass', {})).data).toHaveLength(1)
})
