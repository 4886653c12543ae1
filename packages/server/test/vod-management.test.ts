import { describe, expect, it } from 'vitest'
import {
  callServer,
  initParams,
  sampleFile,
  shareTestService,
  startTestService,
  uploadWhole,
} from './support/service.ts'
import { tablesOf } from './support/tables.ts'
import { sendAll, serverUploader } from './support/uploaders.ts'
import { callVod, type VodAnswer, vodDone, vodFailed } from './support/vod-calls.ts'

const second = 1_000

describe('what is said of a file', () => {
  const service = shareTestService({}, { frozen: true })
  const call = (action: string, params: Record<string, string | number> = {}) => callVod(service(), action, params)

  /** A new file, and how GetVideoInfo and DescribeVodInfo tell of it. */
  async function newFile(seed: number, params: Record<string, string | number> = {}) {
    const file = sampleFile(1_000, seed)
    await callServer(service(), 'InitUpload', { ...initParams(file), ...params })
    const { fileId = '' } = await uploadAgain(file)
    const basicInfo = async () => (await call('GetVideoInfo', { fileId }))['basicInfo'] as Record<string, unknown>
    const listed = async () => ((await call('DescribeVodInfo', { 'fileIds.1': fileId }))['fileSet'] as object[])[0]
    return { file, fileId, basicInfo, listed }
  }

  async function uploadAgain(file: ReturnType<typeof sampleFile>) {
    await sendAll(serverUploader(service()), file)
    return serverUploader(service()).finish(file)
  }

  it('is changed by what ModifyVodInfo gives, and by nothing else', async () => {
    const { fileId, basicInfo, listed } = await newFile(1)
    const { newClassId } = await call('CreateClass', { className: '动画片' })
    const classId = Number(newClassId)
    service().advance(10 * second)
    const change = { fileName: '新 名字', fileIntro: '第一行\n第二行', classId, expireTimeStamp: 1_600_000_000_000 }
    expect(await call('ModifyVodInfo', { fileId, ...change })).toEqual(vodDone())
    const updateTime = Math.floor(service().now() / 1000)
    const after = { name: change.fileName, description: change.fileIntro, expireTime: 1_600_000_000, updateTime }
    const inClass = { classificationId: classId, classificationName: '动画片' }
    expect(await basicInfo()).toMatchObject({ ...after, ...inClass, createTime: updateTime - 10 })
    const texts = { fileName: change.fileName, fileIntro: change.fileIntro, classId: newClassId, className: '动画片' }
    expect(await listed()).toMatchObject(texts)

    expect(await call('ModifyVodInfo', { fileId, fileIntro: '', fileName: '' })).toEqual(vodDone())
    expect(await basicInfo()).toMatchObject({ ...after, ...inClass, description: '' })
    service().advance(10 * second)
    expect(await call('ModifyVodInfo', { fileId })).toEqual(vodDone())
    expect(await basicInfo()).toMatchObject({ updateTime })
    expect(await call('ModifyVodInfo', { fileId, classId: 0, expireTimeStamp: -1 })).toEqual(vodDone())
    expect(await basicInfo()).toMatchObject({ classificationName: '其他', expireTime: -1 })
  })

  it('is not changed when any of it is wrong', async () => {
    const { fileId, basicInfo } = await newFile(2)
    const before = await basicInfo()
    expect(await call('ModifyVodInfo', { fileId, fileName: 'x', classId: 404 })).toEqual(vodFailed(1000))
    expect(await call('ModifyVodInfo', { fileId, fileName: 'x', expireTimeStamp: 1 })).toEqual(vodFailed(1000))
    expect(await basicInfo()).toEqual(before)
    expect(await call('ModifyVodInfo', { fileId: '404', fileName: 'x' })).toEqual(vodFailed(10008))
  })

  it('is kept when its bytes are sent again', async () => {
    const { file, fileId, basicInfo } = await newFile(3)
    await call('ModifyVodInfo', { fileId, fileName: 'mine', fileIntro: 'about' })
    expect(await uploadWhole(service(), file)).toMatchObject({ fileId })
    expect(await basicInfo()).toMatchObject({ name: 'mine', description: 'about' })
  })

  it('shows the parts that are asked for', async () => {
    const { fileId } = await newFile(4)
    const partsOf = async (params: Record<string, string>) =>
      Object.keys(await call('GetVideoInfo', { fileId, ...params })).slice(3)
    expect(await partsOf({})).toEqual(['basicInfo', 'metaData', 'transcodeInfo'])
    expect(await partsOf({ 'infoFilter.0': 'basicInfo' })).toEqual(['basicInfo'])
    expect(await partsOf({ 'infoFilter.1': 'transcodeInfo', 'infoFilter.2': 'metaData' })).toEqual([
      'metaData',
      'transcodeInfo',
    ])
    expect(await partsOf({ infoFilter_0: 'basicInfo' })).toEqual(['basicInfo'])
    expect(await partsOf({ 'infoFilter.0': 'drm' })).toEqual([])
  })

  it('has the tags that were added, once each, and not those removed', async () => {
    const { fileId, basicInfo, listed } = await newFile(5, { 'tags.1': 'c++ & c#', 'tags.2': '测试' })
    const tags = async () => (await basicInfo())['tags']
    expect(
      await call('CreateVodTags', { fileId, 'tags.0': 'b', 'tags.1': '测试', 'tags.2': '一二三四五六七八' }),
    ).toEqual(vodDone())
    expect(await tags()).toEqual(['c++ & c#', '测试', 'b', '一二三四五六七八'])
    expect(await call('DeleteVodTags', { fileId, 'tags.0': 'c++ & c#', 'tags.1': 'never had' })).toEqual(vodDone())
    expect(await listed()).toMatchObject({ tags: ['测试', 'b', '一二三四五六七八'] })
    for (const action of ['CreateVodTags', 'DeleteVodTags']) {
      expect(await call(action, { fileId: '404', 'tags.0': 'b' })).toEqual(vodFailed(10008))
    }
  })

  it('has at most ten tags', async () => {
    const { fileId, basicInfo } = await newFile(6)
    const numbered = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`tags.${index}`, `t${from + index}`]))
    expect(await call('CreateVodTags', { fileId, ...numbered(0, 11) })).toEqual(vodFailed(4000))
    expect(await call('CreateVodTags', { fileId, ...numbered(0, 10) })).toEqual(vodDone())
    expect(await call('CreateVodTags', { fileId, ...numbered(5, 5) })).toEqual(vodDone())
    expect(await call('CreateVodTags', { fileId, ...numbered(9, 2) })).toEqual(vodFailed(1000))
    expect((await basicInfo())['tags']).toHaveLength(10)
  })

  it('has all tags that were added at once', async () => {
    const { fileId, basicInfo } = await newFile(7)
    const tags = Array.from({ length: 8 }, (_, index) => `t${index}`)
    await Promise.all(tags.map((tag) => call('CreateVodTags', { fileId, 'tags.0': tag })))
    expect(((await basicInfo())['tags'] as string[]).sort()).toEqual(tags)
  })

  it('has the class of its upload, or the default one when there is none such', async () => {
    const { newClassId } = await call('CreateClass', { className: 'uploaded' })
    const own = await newFile(8, { classId: String(newClassId) })
    expect(await own.listed()).toMatchObject({ classId: newClassId, className: 'uploaded' })
    const none = await newFile(9, { classId: 77_777 })
    expect(await none.listed()).toMatchObject({ classId: '0', className: '其他' })
    expect(await none.basicInfo()).toMatchObject({ classificationId: 0, classificationName: '其他' })
  })

  it('shows the cover it has now', async () => {
    const { fileId, basicInfo, listed } = await newFile(10)
    expect(await basicInfo()).toMatchObject({ coverUrl: '' })
    expect(await listed()).toMatchObject({ imageUrl: '' })
    const asCover = { fileType: 'png', usage: 1, fileId }
    const send = async (seed: number) => {
      const picture = sampleFile(700, seed)
      const uploader = serverUploader(service())
      await uploader.init(picture, { params: asCover })
      await sendAll(uploader, picture)
      return (await uploader.finish(picture)).url
    }
    for (const seed of [71, 72]) {
      const url = await send(seed)
      expect(url).toMatch(new RegExp(`/vod1251000001/${fileId}/\\d+\\.png$`))
      expect(await basicInfo()).toMatchObject({ coverUrl: url })
      expect(await listed()).toMatchObject({ imageUrl: url })
    }
  })
})

describe('files are listed', () => {
  const service = shareTestService({}, { frozen: true })
  const ids: string[] = []
  const idsOf = ({ code, totalCount, fileSet }: VodAnswer) => [
    code,
    totalCount,
    ...(fileSet as { fileId: string }[]).map(({ fileId }) => ids.indexOf(fileId)),
  ]
  const list = async (params: Record<string, string | number> = {}) =>
    idsOf(await callVod(service(), 'DescribeVodInfo', params))

  /** Twelve files, an hour apart, the first at 2017-03-20 16:53:20 by China's clock. */
  async function twelve() {
    if (ids.length > 0) return
    for (let index = 0; index < 12; index++) {
      const file = sampleFile(100 + index)
      const params = { ...initParams(file, file.bytes.length), fileName: `${index % 2 ? 'odd' : 'Even'}_${index}` }
      const { fileId = '' } = await callServer(service(), 'SmallFileUpload', params, { body: file.bytes })
      ids.push(fileId)
      service().advance(3_600 * second)
    }
  }

  it('a page at a time, in both orders', async () => {
    await twelve()
    expect(await list()).toEqual([0, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(await list({ pageNo: 2 })).toEqual([0, 12, 10, 11])
    expect(await list({ pageNo: 3 })).toEqual([0, 12])
    expect(await list({ orderby: 1, pageSize: 11 })).toEqual([0, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
  })

  it('by id, time and status', async () => {
    await twelve()
    expect(await list({ 'fileIds.1': ids[3] ?? '' })).toEqual([0, 1, 3])
    expect(await list({ 'fileIds.0': ids[3] ?? '', 'fileIds.1': '404', 'fileIds.2': ids[1] ?? '' })).toEqual([
      0, 2, 1, 3,
    ])
    expect(await callVod(service(), 'DescribeVodInfo', { 'fileIds.1': '404' })).toEqual(vodFailed(10008))
    expect(await list({ from: '2017-03-20 18:53:20', to: '2017-3-20 19:53:20' })).toEqual([0, 2, 2, 3])
    expect(await list({ from: '2017-03-21' })).toEqual([0, 4, 8, 9, 10, 11])
    expect(await list({ to: '2017-03-20 16:53:19' })).toEqual([0, 0])
    expect(await list({ status: 2, pageNo: 2 })).toEqual([0, 12, 10, 11])
    expect(await list({ status: 4 })).toEqual([0, 0])
  })

  it('by class', async () => {
    await twelve()
    const { newClassId } = await callVod(service(), 'CreateClass', { className: 'films' })
    const classId = String(newClassId)
    for (const index of [4, 5]) await callVod(service(), 'ModifyVodInfo', { fileId: ids[index], classId })
    expect(await list({ classId })).toEqual([0, 2, 4, 5])
    expect(await list({ classId: 0, pageNo: 1 })).toEqual([0, 10, 0, 1, 2, 3, 6, 7, 8, 9, 10, 11])
    expect(await list({ classId: 404 })).toEqual([0, 0])
  })

  it('by the beginning of their names, letter by letter', async () => {
    await twelve()
    const find = async (fileName: string, params: Record<string, number> = {}) =>
      idsOf(await callVod(service(), 'DescribeVodPlayInfo', { fileName, ...params }))
    expect(await find('odd')).toEqual([0, 6, 1, 3, 5, 7, 9, 11])
    expect(await find('odd_1')).toEqual([0, 2, 1, 11])
    expect(await find('odd', { pageNo: 2, pageSize: 4 })).toEqual([0, 6, 9, 11])
    expect(await find('even')).toEqual([0, 0])
    expect(await find('odd%')).toEqual([0, 0])
  })
})

describe('classes', () => {
  it('are a tree of four levels', async () => {
    const service = await startTestService()
    const make = async (parentId?: number) => {
      const answer = await callVod(service, 'CreateClass', { className: 'class', parentId })
      return answer.code === 0 ? Number(answer['newClassId']) : answer.code
    }
    expect([await make(), await make(1), await make(2), await make(3), await make(4)]).toEqual([1, 2, 3, 4, 1000])
    expect([await make(0), await make(404), await make(-1)]).toEqual([1903, 1905, 5])
    const { data } = await callVod(service, 'DescribeAllClass')
    const levels: object[] = []
    for (let level = (data as Level[])[1]; level; level = level.subclass[0]) levels.push(level.info)
    expect(levels).toEqual(
      [1, 2, 3, 4].map((id, level) => {
        return { id, parent_id: level === 0 ? -1 : id - 1, name: 'class', level, file_num: 0 }
      }),
    )
  })

  it('have at most 500 right below one', async () => {
    const service = await startTestService()
    const tables = tablesOf(service)
    await callVod(service, 'CreateClass', { className: 'above' })
    for (let id = 2; id < 502; id++) tables.run(`insert into classes values (1251000001, ${id}, 1, 'x', 0, 0)`)
    tables.run('update apps set lastClassId = 501')
    expect(await callVod(service, 'CreateClass', { className: 'x', parentId: 1 })).toEqual(vodFailed(1000))
    expect(await callVod(service, 'CreateClass', { className: 'x', parentId: 2 })).toEqual(
      vodDone({ newClassId: '502' }),
    )
  })

  it('are renamed, but for the default one', async () => {
    const service = await startTestService({}, { frozen: true })
    await callVod(service, 'CreateClass', { className: 'films' })
    service.advance(3_600 * second)
    expect(await callVod(service, 'ModifyClass', { classId: 1, className: '电影' })).toEqual(vodDone())
    const { data } = await callVod(service, 'DescribeClass')
    const times = { create_time: '2017-03-20 16:53:20', update_time: '2017-03-20 17:53:20' }
    expect((data as object[])[1]).toEqual({ id: '1', name: '电影', ...times })
    expect(await callVod(service, 'ModifyClass', { classId: 2, className: 'x' })).toEqual(vodFailed(1905))
    expect(await callVod(service, 'ModifyClass', { classId: 0, className: 'x' })).toEqual(vodFailed(1000))
  })

  it('are deleted when they have neither classes nor files', async () => {
    const service = await startTestService()
    const remove = async (classId: number) => (await callVod(service, 'DeleteClass', { classId })).code
    for (const parentId of [-1, 1]) await callVod(service, 'CreateClass', { className: 'class', parentId })
    const { fileId = '' } = await uploadWhole(service, sampleFile(900))
    await callVod(service, 'ModifyVodInfo', { fileId, classId: 2 })
    expect([await remove(0), await remove(1), await remove(2), await remove(3)]).toEqual([1000, 1000, 1000, 1905])
    expect(await callVod(service, 'DescribeAllClass')).toMatchObject({
      data: [{ info: { file_num: 0 } }, { info: { file_num: 0 }, subclass: [{ info: { id: 2, file_num: 1 } }] }],
    })
    await callVod(service, 'DeleteVodFile', { fileId, priority: 0 })
    expect([await remove(2), await remove(1), await remove(1)]).toEqual([0, 0, 1905])
    expect(await callVod(service, 'CreateClass', { className: 'class' })).toEqual(vodDone({ newClassId: '3' }))
  })
})

interface Level {
  readonly info: object
  readonly subclass: Level[]
}
