import {
  actions,
  formatChinaTime,
  isActionName,
  isVodActionElsewhere,
  parseParams,
  readChinaTime,
  type VodAction,
  type VodActionName,
  vodActionNamed,
  vodActions,
} from '@sluice/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parametersRow, toParams } from './fields.ts'
import { hostileText } from './hostile.ts'
import { codesOf } from './thrown.ts'

const names = Object.keys(vodActions) as VodActionName[]

describe('the table of management actions', () => {
  test('knows its names exactly as written, older ones too, and nothing an object inherits', () => {
    for (const name of names) {
      const { aliases = [] }: VodAction = vodActions[name]
      for (const known of [name, ...aliases]) expect(vodActionNamed(known), known).toBe(name)
    }
    for (const name of ['getVideoInfo', 'GetVideoInfo ', '', 'toString', 'constructor', '__proto__']) {
      expect(vodActionNamed(name), name).toBeUndefined()
      expect(isVodActionElsewhere(name), name).toBe(false)
    }
  })

  test('shares no name with the upload actions, nor with what is elsewhere', () => {
    for (const name of names) expect(isActionName(name) || isVodActionElsewhere(name), name).toBe(false)
    for (const name of Object.keys(actions)) expect(isVodActionElsewhere(name), name).toBe(false)
  })

  test('says of every action that looks, and of no other, that it only reads', () => {
    for (const name of names) expect(vodActions[name].reads, name).toBe(/^(Get|Describe)/.test(name))
  })

  test('parses or refuses with the row of wrong parameters, whatever they hold', () => {
    const fields = Object.values(vodActions).flatMap(({ params }) => Object.keys(params))
    const numbered = ['tags', 'fileIds', 'infoFilter'].flatMap((name) => [`${name}.0`, `${name}.1`, `${name}.x`])
    const value = fc.oneof(
      hostileText,
      fc.constantFrom('0', '1', '-1', '10', 'a', '2017-03-20 16:53:20', '9'.repeat(19)),
    )
    const params = fc.array(fc.tuple(fc.constantFrom(...fields, ...numbered, 'expireTime'), value), { maxLength: 20 })
    fc.assert(
      fc.property(fc.constantFrom(...names), params, (action, pairs) => {
        const schema = vodActions[action].params
        let outcome: object
        try {
          outcome = { parsed: Object.keys(parseParams(schema, new Map(pairs))) }
        } catch (error) {
          outcome = codesOf(() => {
            throw error
          })
        }
        expect([{ parsed: Object.keys(schema) }, parametersRow]).toContainEqual(outcome)
      }),
      { numRuns: 300 },
    )
  })
})

describe('parameters of management', () => {
  const parse = (action: VodActionName, params: Record<string, string>) =>
    parseParams(vodActions[action].params, toParams({ fileId: '1', ...params })) as Record<string, unknown>

  test('a list counts from anywhere, in the order of its numbers, without empty values', () => {
    const tags = { 'tags.10': 'c', 'tags.2': 'b', 'tags.0': 'a', 'tags.3': '', 'tags.x': 'no', tags: 'no' }
    expect(parse('CreateVodTags', tags)).toMatchObject({ tags: ['a', 'b', 'c'] })
    expect(parse('DescribeVodInfo', {})).toMatchObject({ fileIds: [], pageNo: 1, pageSize: 10, orderby: 0 })
  })

  test('a new tag has at most eight letters, digits or Chinese characters', () => {
    for (const tag of ['一二三四五六七八', '𠀀𠀀𠀀𠀀𠀀𠀀𠀀𠀀', 'Tag12345']) {
      expect(parse('CreateVodTags', { 'tags.0': tag })).toMatchObject({ tags: [tag] })
    }
    for (const tag of ['一二三四五六七八九', 'a b', 'c++', 'é', '，']) {
      expect(
        codesOf(() => parse('CreateVodTags', { 'tags.0': tag })),
        tag,
      ).toEqual(parametersRow)
    }
  })

  test('an end is seconds, milliseconds, a text or never', () => {
    const expireOf = (params: Record<string, string>) => parse('ModifyVodInfo', params)['expireTimeStamp']
    expect(expireOf({ expireTimeStamp: '1490000000' })).toBe(1_490_000_000_000)
    expect(expireOf({ expireTimeStamp: '1490000000000' })).toBe(1_490_000_000_000)
    expect(expireOf({ expireTime: '2017-03-20 16:53:20' })).toBe(1_490_000_000_000)
    expect(expireOf({ expireTimeStamp: '-1', expireTime: '2017-03-20 16:53:20' })).toBeNull()
    expect(expireOf({})).toBeUndefined()
  })

  test('an empty fileIntro is one, an absent one is none', () => {
    expect(parse('ModifyVodInfo', { fileIntro: '' })).toMatchObject({ fileIntro: '', fileName: undefined })
    expect(parse('ModifyVodInfo', {})['fileIntro']).toBeUndefined()
    expect(parse('ModifyVodInfo', { fileIntro: '视'.repeat(1_000) })['fileIntro']).toHaveLength(1_000)
    expect(codesOf(() => parse('ModifyVodInfo', { fileIntro: 'a\0b' }))).toEqual(parametersRow)
  })
})

describe('times by China’s clock', () => {
  test('are written and read eight hours ahead of UTC', () => {
    expect(formatChinaTime(1_490_000_000_999)).toBe('2017-03-20 16:53:20')
    expect(formatChinaTime(0)).toBe('1970-01-01 08:00:00')
    expect(readChinaTime('1970-1-1 08:00:00')).toBe(0)
    expect(readChinaTime('2017-03-20')).toBe(readChinaTime('2017-03-20 00:00:00'))
  })

  test('are read as they were written, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
        expect(readChinaTime(formatChinaTime(seconds * 1000))).toBe(seconds * 1000)
      }),
    )
  })

  test.each([
    '',
    'now',
    '2017-02-29 00:00:00',
    '2017-13-01',
    '2017-01-00',
    '2017-01-01 24:00:00',
    '2017-01-01T00:00:00',
  ])('are no times: "%s"', (text) => {
    expect(readChinaTime(text)).toBeUndefined()
  })
})
