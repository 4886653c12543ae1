import { type ActionName, actions, isActionName, parseParams, splitQuery } from '@sluice/protocol'
import { readPairs } from '@sluice/protocol/signatures'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostileText } from './hostile.ts'
import { codesOf } from './thrown.ts'
import { vectorFile } from './vectors/vector-file.ts'

const file = ['fileName', 'fileSha', 'fileSize', 'fileType', 'tags', 'classId']
const flags = ['isTranscode', 'isScreenshot', 'isWatermark']
const part = ['offset', 'dataSize', 'dataMd5']
const both = ['GET', 'POST']
const post = ['POST']

describe('the table of actions', () => {
  test('holds every action of the protocol with its family, methods, body, rate and parameters', () => {
    const rows = Object.entries(actions).map(([name, action]) => {
      const rate = 'rate' in action ? `${action.rate.bucket} ${action.rate.perMinute}` : 'none'
      return [name, action.family, action.methods, action.bytes, rate, Object.keys(action.params)]
    })
    expect(rows).toEqual([
      ['InitUpload', 'server', both, false, 'init 100', [...file, ...flags, 'coverOf', 'dataSize', 'RequestClient']],
      ['UploadPart', 'server', post, true, 'part 10000', ['fileSha', ...part]],
      ['FinishUpload', 'server', both, false, 'finish 100', ['fileSha']],
      ['InitUploadEx', 'ugc', both, false, 'init 100', ['fileSize', 'dataSize']],
      ['UploadPartEx', 'ugc', post, true, 'part 10000', part],
      ['FinishUploadEx', 'ugc', both, false, 'finish 100', []],
      ['SmallFileUpload', 'server', post, true, 'init 100', [...file, ...flags, 'coverOf', 'dataSize', 'dataMd5']],
      ['Report', 'none', both, false, 'none', []],
    ])
  })

  test('knows its names exactly as written, and nothing an object inherits', () => {
    expect(Object.keys(actions).every(isActionName)).toBe(true)
    for (const name of ['initUpload', 'InitUpload ', '', 'toString', 'constructor', '__proto__']) {
      expect(isActionName(name), name).toBe(false)
    }
  })
})

describe('requests of real clients', () => {
  test('InitUpload of the PHP SDK: all facts of the file', () => {
    expect(parseParams(actions.InitUpload.params, paramsOf('C02'))).toEqual({
      fileName: '动物 世界 a+b',
      fileSha: '532b57da33a2d72aaf80ffcd2ee4729c71976b61',
      fileSize: 1_300_000,
      fileType: 'mp4',
      tags: ['测试1', 'c++ & c#', 'x/y=z'],
      classId: 0,
      isTranscode: true,
      isScreenshot: true,
      isWatermark: false,
      coverOf: undefined,
      dataSize: 524_288,
      RequestClient: 'SDK_PHP_1.4',
    })
  })

  test('UploadPart of the C# SDK: the hash is lower-cased', () => {
    expect(parseParams(actions.UploadPart.params, paramsOf('C14'))).toEqual({
      fileSha: '532b57da33a2d72aaf80ffcd2ee4729c71976b61',
      offset: 0,
      dataSize: 524_288,
      dataMd5: 'cad29d4e367797f6ac5f1cc7c52768a4',
    })
  })

  test('SmallFileUpload of a PHP client: extra_fileId is extra.fileId', () => {
    expect(parseParams(actions.SmallFileUpload.params, paramsOf('C05'))).toMatchObject({
      fileName: 'cover 1',
      fileSize: 2048,
      dataSize: 2048,
      dataMd5: undefined,
      coverOf: '9031868222900000001',
    })
  })
})

describe('the bounds of an action', () => {
  const initial = Object.fromEntries(paramsOf('C02'))
  const refused = { code: -10003, canRetry: 0 }

  test('Init asks for a part size between the two documented ones', () => {
    const init = (dataSize: string) => parse('InitUpload', { ...initial, dataSize })
    expect(init('1048576')).toMatchObject({ dataSize: 1_048_576 })
    expect(codesOf(() => init('524287'))).toMatchObject(refused)
  })

  test('a part may be shorter than any part size, and empty for the tail behind the end', () => {
    const part = { offset: '1300000', dataSize: '0', dataMd5: 'd41d8cd98f00b204e9800998ecf8427e' }
    expect(parse('UploadPartEx', part)).toMatchObject({ offset: 1_300_000, dataSize: 0 })
    expect(codesOf(() => parse('UploadPartEx', { ...part, dataSize: '1048577' }))).toMatchObject(refused)
  })

  test('a small file has at most 1048576 bytes and not none', () => {
    const largest = { ...initial, fileSize: '1048576', dataSize: '1048576' }
    expect(parse('SmallFileUpload', largest)).toMatchObject({ fileSize: 1_048_576, dataSize: 1_048_576 })
    for (const wrong of [{ fileSize: '1048577' }, { fileSize: '0' }, { dataSize: '1048577' }, { dataSize: '0' }]) {
      expect(codesOf(() => parse('SmallFileUpload', { ...largest, ...wrong }))).toMatchObject(refused)
    }
  })

  test('whatever the parameters hold, they are parsed or refused with -10003', () => {
    const names = Object.values(actions).flatMap(({ params }) => Object.keys(params))
    const extra = ['tag.1', 'tags.0', 'extra.usage', 'extra.fileId', 'usage', 'fileId', 'name']
    const value = fc.oneof(hostileText, fc.constantFrom('0', '1', '-1', '524288', 'mp4', ...Object.values(initial)))
    const params = fc.array(fc.tuple(fc.constantFrom(...names, ...extra), value), { maxLength: 20 })
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(actions) as ActionName[])), params, (action, pairs) => {
        let outcome: object
        try {
          outcome = { parsed: Object.keys(parseParams(actions[action].params, new Map(pairs))) }
        } catch (error) {
          outcome = codesOf(() => {
            throw error
          })
        }
        const parsed = { parsed: Object.keys(actions[action].params) }
        const refusal = { errorName: 'parameters', code: -10003, canRetry: 0, codeDesc: '4000' }
        expect([parsed, refusal]).toContainEqual(outcome)
      }),
      { numRuns: 300 },
    )
  })
})

function parse(action: ActionName, params: Record<string, string>): object {
  return parseParams(actions[action].params, new Map(Object.entries(params)))
}

/** The parameters of a vector's query, as a server reads them. */
function paramsOf(id: string): ReadonlyMap<string, string> {
  const vector = vectorFile.vectors.find((one) => one.id === id)
  if (vector?.family !== 'common') throw new Error(`no server vector ${id}`)
  return readPairs(splitQuery(vector.request.query ?? ''), 'decoded')
}
