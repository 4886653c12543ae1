import { type VodAction, type VodActionName, vodActions } from '@sluice/protocol'
import { createApp, openSqlite } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import {
  callServer,
  initParams,
  keyPair,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
} from './support/service.ts'
import { callVod, vodDone, vodFailed } from './support/vod-calls.ts'

const video = sampleFile(1_000)
const picture = sampleFile(500, 7)
const start = '2017-03-20 16:53:20' // the clock of the tests, in China

/** A service with one file with a cover, and a class `films` (1) above `old ones` (2). */
interface Stage {
  readonly service: TestService
  readonly fileId: string
  readonly url: string
  readonly coverUrl: string
}

async function setStage(): Promise<Stage> {
  const service = await startTestService({}, { frozen: true })
  const { fileId = '', url = '' } = await uploadWhole(service, video)
  const cover = { ...initParams(picture, 500), fileType: 'png', 'extra.usage': 1, 'extra.fileId': fileId }
  const { url: coverUrl = '' } = await callServer(service, 'SmallFileUpload', cover, { body: picture.bytes })
  await callVod(service, 'CreateClass', { className: 'films' })
  await callVod(service, 'CreateClass', { className: 'old ones', parentId: 1 })
  return { service, fileId, url, coverUrl }
}

const unknownMedia = { bitrate: 0, height: 0, width: 0, videoStreamList: [], audioStreamList: [] }
const original = (url: string) => ({ url, definition: 0, vbitrate: 0, vheight: 0, vwidth: 0 })
const times = { create_time: start, update_time: start }

type Params = Record<string, string | number>

interface Case {
  readonly params?: (stage: Stage) => Params | Promise<Params>
  /** The members beside the envelope. */
  readonly answer?: (stage: Stage) => object
  /** Parameters to be refused with 4000, put in place of those above; `undefined` leaves one out. */
  readonly wrong: readonly Record<string, string | number | undefined>[]
}

const noFileId = [{ fileId: undefined }, { fileId: '' }, { fileId: 'x' }, { fileId: '-1' }, { fileId: '1'.repeat(21) }]
const noClassId = [{ classId: undefined }, { classId: '' }, { classId: 'x' }, { classId: -1 }, { classId: '1.5' }]
const noName = [{ className: undefined }, { className: '' }, { className: 'x'.repeat(65) }, { className: 'a\nb' }]
const noPage = [{ pageNo: 0 }, { pageNo: 'x' }, { pageSize: 101 }, { pageSize: 0 }]

/** Every action, right and wrong. */
const cases: Record<VodActionName, Case> = {
  DeleteVodFile: {
    params: ({ fileId }) => ({ fileId, priority: 0 }),
    wrong: [...noFileId, { priority: undefined }, { priority: 3 }, { priority: 'high' }, { isFlushCdn: 'yes' }],
  },
  ModifyVodInfo: {
    params: ({ fileId }) => ({ fileId, fileName: '新名字', fileIntro: 'what it shows', classId: 2 }),
    wrong: [
      ...noFileId,
      { fileName: 'a/b' },
      { fileName: 'x'.repeat(41) },
      { fileIntro: 'x'.repeat(1_001) },
      { classId: 'x' },
      { classId: -1 },
      { expireTimeStamp: 'soon' },
      { expireTimeStamp: -2 },
      { expireTime: '2017-02-31 00:00:00' },
    ],
  },
  GetVideoInfo: {
    params: ({ fileId }) => ({ fileId }),
    answer: ({ url, coverUrl }) => ({
      basicInfo: {
        name: 'my video',
        size: 1_000,
        duration: 0,
        description: '',
        status: 'normal',
        createTime: 1_490_000_000,
        updateTime: 1_490_000_000,
        expireTime: -1,
        classificationId: 0,
        classificationName: '其他',
        playerId: 0,
        coverUrl,
        type: 'mp4',
        sourceVideoUrl: url,
        tags: [],
      },
      metaData: { size: 1_000, container: 'mp4', md5: '', duration: 0, rotate: 0, ...unknownMedia },
      transcodeInfo: {
        idrAlignment: 0,
        transcodeList: [{ url, definition: 0, size: 1_000, container: 'mp4', md5: '', duration: 0, ...unknownMedia }],
      },
    }),
    wrong: [...noFileId, { 'infoFilter.0': '1' }],
  },
  DescribeVodInfo: {
    answer: ({ fileId, coverUrl }) => ({
      totalCount: 1,
      fileSet: [
        {
          fileId,
          fileName: 'my video',
          fileIntro: '',
          size: '1000',
          duration: '0',
          status: '2',
          vid: fileId,
          createTime: start,
          updateTime: start,
          classId: '0',
          className: '其他',
          imageUrl: coverUrl,
          tags: [],
        },
      ],
    }),
    wrong: [
      ...noPage,
      { pageSize: 9 },
      { 'fileIds.1': 'x' },
      { from: 'yesterday' },
      { to: '2017-13-01 00:00:00' },
      { classId: 'x' },
      { orderby: 2 },
    ],
  },
  DescribeVodPlayUrls: {
    params: ({ fileId }) => ({ fileId }),
    answer: ({ url }) => ({ playSet: [original(url)] }),
    wrong: noFileId,
  },
  DescribeVodPlayInfo: {
    params: () => ({ fileName: 'my' }),
    answer: ({ fileId, url, coverUrl: imageUrl }) => ({
      totalCount: 1,
      fileSet: [{ fileId, fileName: 'my video', duration: '0', status: '2', imageUrl, playSet: [original(url)] }],
    }),
    wrong: [{ fileName: undefined }, { fileName: '' }, ...noPage],
  },
  CreateVodTags: {
    params: ({ fileId }) => ({ fileId, 'tags.0': '测试标签', 'tags.1': 'tag2' }),
    wrong: [...noFileId, { 'tags.0': undefined, 'tags.1': undefined }, { 'tags.0': 'c++' }, { 'tags.1': '123456789' }],
  },
  DeleteVodTags: {
    params: ({ fileId }) => ({ fileId, 'tags.1': 'tag2' }),
    wrong: [...noFileId, { 'tags.1': undefined }],
  },
  CreateClass: {
    params: () => ({ className: '电影', parentId: -1 }),
    answer: () => ({ newClassId: '3' }),
    wrong: [...noName, { parentId: 'x' }, { parentId: -2 }],
  },
  DescribeClass: {
    answer: () => ({
      data: [
        { id: '0', name: '其他', ...times },
        { id: '1', name: 'films', ...times },
        { id: '2', name: 'old ones', ...times },
      ],
    }),
    wrong: [],
  },
  DescribeAllClass: {
    answer: () => ({
      data: [
        { info: { id: 0, parent_id: -1, name: '其他', level: 0, file_num: 1 }, subclass: [] },
        {
          info: { id: 1, parent_id: -1, name: 'films', level: 0, file_num: 0 },
          subclass: [{ info: { id: 2, parent_id: 1, name: 'old ones', level: 1, file_num: 0 }, subclass: [] }],
        },
      ],
    }),
    wrong: [],
  },
  ModifyClass: { params: () => ({ classId: 1, className: 'movies' }), wrong: [...noClassId, ...noName] },
  DeleteClass: { params: () => ({ classId: 2 }), wrong: noClassId },
  PullEvent: {
    answer: ({ fileId }) => {
      const data = expect.objectContaining({ fileId })
      const eventContent = { version: '4.0', eventType: 'NewFileUpload', data }
      return { eventList: [{ msgHandle: expect.any(String), eventContent }] }
    },
    wrong: [],
  },
  ConfirmEvent: {
    params: async ({ service }) => {
      const { eventList } = await callVod(service, 'PullEvent')
      return { 'msgHandle.0': (eventList as { msgHandle: string }[])[0]?.msgHandle ?? '' }
    },
    wrong: [{ 'msgHandle.0': undefined }, { 'msgHandle.0': 'unknown' }],
  },
  MultiPullVodFile: {
    params: () => ({
      'pullset.0.url': 'http://10.0.0.1/movies/A%20film.MOV?from=1',
      'pullset.1.url': 'http://10.0.0.1/b.webm',
      'pullset.1.fileName': '新名字',
      'pullset.1.fileMd5': 'A'.repeat(32),
      'pullset.1.classId': 1,
      'pullset.1.tags': 'one, two',
      'pullset.1.priority': 0,
    }),
    answer: () => ({
      data: [
        {
          source_url: 'http://10.0.0.1/movies/A%20film.MOV?from=1',
          file_id: expect.stringMatching(/^\d{19}$/),
          file_name: 'A film',
          vod_task_id: expect.stringMatching(/^Pull-[0-9a-f]{32}$/),
        },
        {
          source_url: 'http://10.0.0.1/b.webm',
          file_id: expect.stringMatching(/^\d{19}$/),
          file_name: '新名字',
          vod_task_id: expect.stringMatching(/^Pull-[0-9a-f]{32}$/),
        },
      ],
    }),
    wrong: [
      { 'pullset.0.url': undefined, 'pullset.1.url': undefined },
      { 'pullset.0.url': 'ftp://10.0.0.1/a.mp4' },
      { 'pullset.0.url': 'http://me:secret@10.0.0.1/a.mp4' },
      { 'pullset.0.url': 'a.mp4' },
      { 'pullset.7.fileName': 'no address' },
      { 'pullset.1.fileName': 'a/b' },
      { 'pullset.1.fileMd5': 'x' },
      { 'pullset.1.classId': 'x' },
      { 'pullset.0.isTranscode': 'yes' },
      Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`pullset.${n}.url`, `http://10.0.0.1/${n}`])),
    ],
  },
}

const names = Object.keys(vodActions) as VodActionName[]
const ways = (['GET', 'POST'] as const).flatMap((method) =>
  ([undefined, 'HmacSHA256'] as const).map((signatureMethod) => ({ method, signatureMethod })),
)

describe.each(names)('%s', (action) => {
  const { params = () => ({}), answer = () => ({}), wrong } = cases[action]
  const names = [action, ...((vodActions[action] as VodAction).aliases ?? [])]

  it('is answered by GET and by POST, with either HMAC, under each of its names', { timeout: 60_000 }, async () => {
    let stage: Stage | undefined
    for (const name of names) {
      for (const sending of ways) {
        stage = (vodActions[action].reads && stage) || (await setStage())
        const told = `${name} ${JSON.stringify(sending)}`
        expect(await callVod(stage.service, name, await params(stage), sending), told).toEqual(vodDone(answer(stage)))
      }
    }
  })

  it('is refused with wrong or missing parameters, and does nothing then', async () => {
    const stage = await setStage()
    const right = await params(stage)
    for (const method of ['GET', 'POST'] as const) {
      for (const given of wrong) {
        const refused = await callVod(stage.service, action, { ...right, ...given }, { method })
        expect(refused, `${method} ${JSON.stringify(given)}`).toEqual(vodFailed(4000))
      }
    }
    expect(await callVod(stage.service, action, right)).toEqual(vodDone(answer(stage)))
  })

  it('is answered to whoever signed it, and shows nothing of another app', { timeout: 20_000 }, async () => {
    const stage = await setStage()
    const right = await params(stage)
    const wrongKey = { keys: { ...keyPair, secretKey: 'another' } }
    expect(await callVod(stage.service, action, right, wrongKey)).toEqual(vodFailed(4100))
    const metadata = await openSqlite(stage.service.directory)
    const { credential: keys } = await createApp(metadata, stage.service.now())
    await metadata.close()
    const foreign = JSON.stringify(await callVod(stage.service, action, right, { keys }))
    for (const own of [stage.fileId, 'films', 'my video']) {
      expect(foreign.replace(`there is no file ${stage.fileId}`, '')).not.toContain(own)
    }
    expect((await callVod(stage.service, 'GetVideoInfo', { fileId: stage.fileId })).code).toBe(0)
  })

  it('is answered a second time only if it reads', async () => {
    const stage = await setStage()
    const given = { ...(await params(stage)), Nonce: 7 }
    expect((await callVod(stage.service, action, given)).code).toBe(0)
    const again = await callVod(stage.service, action, given)
    expect(again).toEqual(vodActions[action].reads ? vodDone(answer(stage)) : vodFailed(4500))
  })

  it('is refused in maintenance if it changes something', async () => {
    const stage = await setStage()
    const right = await params(stage)
    const service = await stage.service.restart({ SLUICE_MAINTENANCE: 'on' })
    const { code } = await callVod(service, action, right)
    expect(code).toBe(vodActions[action].reads ? 0 : 6200)
  })
})
