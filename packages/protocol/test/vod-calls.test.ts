import {
  documentedLimits,
  parseParams,
  type VodAction,
  type VodActionName,
  type VodCalls,
  vodActions,
  vodTexts,
} from '@sluice/protocol'
import { describe, expect, expectTypeOf, test } from 'vitest'

/** For each action, what must be given and what may be left out. */
const samples: {
  [Action in VodActionName]: {
    least: VodCalls[Action]['params']
    all: Required<VodCalls[Action]['params']>
  }
} = {
  DeleteVodFile: { least: { fileId: '1', priority: 0 }, all: { fileId: '1', priority: 2, isFlushCdn: true } },
  ModifyVodInfo: {
    least: { fileId: '1' },
    all: { fileId: '1', fileName: 'a', fileIntro: '', classId: 3, expireTimeStamp: -1 },
  },
  GetVideoInfo: { least: { fileId: '1' }, all: { fileId: '1', infoFilter: ['basicInfo', 'metaData'] } },
  DescribeVodInfo: {
    least: {},
    all: {
      fileIds: ['1', '2'],
      from: new Date('2017-03-20T08:53:20Z'),
      to: '2017-03-20 16:53:20',
      classId: 0,
      status: '2',
      orderby: 1,
      pageNo: 2,
      pageSize: 20,
    },
  },
  DescribeVodPlayUrls: { least: { fileId: '1' }, all: { fileId: '1' } },
  DescribeVodPlayInfo: { least: { fileName: 'a' }, all: { fileName: 'a', pageNo: 1, pageSize: 20 } },
  CreateVodTags: { least: { fileId: '1', tags: ['a'] }, all: { fileId: '1', tags: ['a', 'b'] } },
  DeleteVodTags: { least: { fileId: '1', tags: ['a'] }, all: { fileId: '1', tags: ['a', 'b'] } },
  CreateClass: { least: { className: 'a' }, all: { className: 'a', parentId: -1 } },
  DescribeClass: { least: {}, all: {} },
  DescribeAllClass: { least: {}, all: {} },
  ModifyClass: { least: { classId: 1, className: 'a' }, all: { classId: 1, className: 'a' } },
  DeleteClass: { least: { classId: 1 }, all: { classId: 1 } },
  MultiPullVodFile: {
    least: { pullset: [{ url: 'http://a/b.mp4' }] },
    all: {
      pullset: [
        { url: 'http://a/b.mp4', fileName: 'b', fileMd5: '0'.repeat(32), isTranscode: true, isScreenshot: false },
        { url: 'https://a/c.mp4', classId: 3, tags: 'x,y', isWatermark: true },
      ],
    },
  },
  PullEvent: { least: {}, all: {} },
  ConfirmEvent: { least: { msgHandle: ['1.a'] }, all: { msgHandle: ['1.a', '2.b'] } },
}

/** What the service reads out of parameters given so. */
function read(action: VodActionName, params: object) {
  const { params: schema }: VodAction = vodActions[action]
  return parseParams(schema, new Map(Object.entries(vodTexts(params))), documentedLimits)
}

test('there is a call for each management action, with the names of the table', () => {
  expectTypeOf<keyof VodCalls>().toEqualTypeOf<VodActionName>()
  for (const [action, { all }] of Object.entries(samples)) {
    expect(Object.keys(all).sort(), action).toEqual(Object.keys(vodActions[action as VodActionName].params).sort())
  }
})

describe.each(Object.keys(samples) as VodActionName[])('%s', (action) => {
  const { least, all } = samples[action]

  test('takes what must be given, and everything', () => {
    read(action, least)
    for (const [name, value] of Object.entries(read(action, all))) expect(value, name).toBeDefined()
  })

  test.each(Object.keys(least))('cannot do without %s', (name) => {
    expect(() => read(action, { ...least, [name]: undefined })).toThrow(name)
  })
})

test('parameters become texts that the service reads as they were meant', () => {
  expect(read('DescribeVodInfo', samples.DescribeVodInfo.all)).toEqual({
    ...{ fileIds: ['1', '2'], classId: 0, status: '2', orderby: 1, pageNo: 2, pageSize: 20 },
    ...{ from: 1_490_000_000_000, to: 1_490_000_000_000 },
  })
  expect(read('MultiPullVodFile', samples.MultiPullVodFile.all)).toMatchObject({
    pullset: [
      { url: 'http://a/b.mp4', fileName: 'b', fileMd5: '0'.repeat(32) },
      { url: 'https://a/c.mp4', classId: 3, tags: ['x', 'y'], watermark: true },
    ],
  })
  expect(vodTexts({ isFlushCdn: true, no: false, tags: ['a', 'b'], left: undefined })).toEqual({
    ...{ isFlushCdn: '1', no: '0', 'tags.0': 'a', 'tags.1': 'b' },
  })
})
