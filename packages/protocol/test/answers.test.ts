import { listParts, newFileUpload, partRanges, success } from '@sluice/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const md5 = 'cad29d4e367797f6ac5f1cc7c52768a4'
const geometry = { fileSize: 1_300_000, dataSize: 524_288 }
const [first, second, last] = [...partRanges(geometry)].map((range) => ({ ...range, dataMd5: md5 }))

describe('a successful answer', () => {
  test('always has the four members of the envelope, then its own', () => {
    expect(success(0, {})).toEqual({ code: 0, message: '', codeDesc: '', canRetry: 0 })
    const answer = success(1, { dataSize: 524_288 })
    expect(Object.keys(answer)).toEqual(['code', 'message', 'codeDesc', 'canRetry', 'dataSize'])
    expect(answer.code).toBe(1)
  })
})

describe('stored parts are listed', () => {
  test('with their length under both names', () => {
    expect(listParts(geometry, stored(first))).toEqual([
      { offset: 0, dataSize: 524_288, dataLen: 524_288, dataMd5: md5 },
    ])
  })

  test('without the last part of the file while an earlier one is missing', () => {
    expect(offsetsOf(stored(first, last))).toEqual([0])
    expect(offsetsOf(stored(last))).toEqual([])
    expect(offsetsOf(stored(first, second))).toEqual([0, 524_288])
    expect(offsetsOf(stored(first, second, last))).toEqual([0, 524_288, 1_048_576])
  })

  test('for a file of one part when it is there', () => {
    const one = { offset: 0, dataSize: 7, dataMd5: md5 }
    expect(listParts({ fileSize: 7, dataSize: 524_288 }, [one])).toHaveLength(1)
  })

  test('whatever parts there are: all of them if complete, else all but the last of the file', () => {
    const some = fc
      .record({ fileSize: fc.integer({ min: 1, max: 300 }), dataSize: fc.integer({ min: 1, max: 40 }) })
      .chain((geometry) => {
        const all = [...partRanges(geometry)].map((range) => ({ ...range, dataMd5: md5 }))
        return fc.record({ geometry: fc.constant(geometry), all: fc.constant(all), parts: fc.subarray(all) })
      })
    fc.assert(
      fc.property(some, ({ geometry, all, parts }) => {
        const listed = parts.length === all.length ? all : parts.filter((part) => part !== all.at(-1))
        expect(listParts(geometry, parts)).toEqual(listed.map((part) => ({ ...part, dataLen: part.dataSize })))
      }),
    )
  })
})

describe('the event of a finished upload', () => {
  const file = { fileId: '9031868222900000001', fileName: 'my video', fileUrl: 'http://h/f0.mp4', fileSize: 7 }

  test('has the members of the published example in their order, and the size', () => {
    const event = newFileUpload({ ...file, family: 'server' })
    expect(JSON.stringify(event)).toBe(
      '{"version":"4.0","eventType":"NewFileUpload","data":{"fileId":"9031868222900000001","fileName":"my video",' +
        '"coverUrl":"","fileUrl":"http://h/f0.mp4","transcodeTaskId":"","procedureTaskId":"",' +
        '"sourceType":"ServerUpload","sourceContext":"","author":"","streamId":"","fileSize":7}}',
    )
  })

  test('names the family it came by', () => {
    expect(newFileUpload({ ...file, family: 'server' }).data.sourceType).toBe('ServerUpload')
    expect(newFileUpload({ ...file, family: 'ugc' }).data.sourceType).toBe('ClientUpload')
  })
})

type Part = { offset: number; dataSize: number; dataMd5: string }

function stored(...parts: (Part | undefined)[]): Part[] {
  return parts.filter((part) => part !== undefined)
}

function offsetsOf(parts: Part[]): number[] {
  return listParts(geometry, parts).map(({ offset }) => offset)
}
