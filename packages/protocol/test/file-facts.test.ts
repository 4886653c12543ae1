import {
  checkFileName,
  coverOfField,
  documentedLimits,
  fileNameField,
  parseParams,
  readTags,
  tagsField,
} from '@sluice/protocol'
import { describe, expect, test } from 'vitest'
import { expectRefused, parametersRow, read, toParams } from './fields.ts'
import { codesOf } from './thrown.ts'

describe('a file name', () => {
  test.each(['my video', 'a.b.mp4', '@home', "100% + ', & = #", '动物世界', '\u0085'])('%j stands as given', (name) =>
    expect(read(fileNameField, name)).toBe(name),
  )

  test.each(['视', '🎬', 'a', 'é'])('has at most 40 code points, be they %j', (character) => {
    expect(read(fileNameField, character.repeat(40))).toBe(character.repeat(40))
    expectRefused(fileNameField, character.repeat(41))
  })

  test('counts each code point of a composed emoji', () => {
    const family = '👨‍👩‍👧'
    expect(read(fileNameField, family.repeat(8))).toBe(family.repeat(8))
    expectRefused(fileNameField, family.repeat(9))
  })

  test('may be longer when that is configured', () => {
    const within = { ...documentedLimits, maxFileName: 41 }
    expect(checkFileName('fileName', 'a'.repeat(41), within)).toBe('a'.repeat(41))
    expect(codesOf(() => checkFileName('fileName', 'a'.repeat(42), within))).toEqual(parametersRow)
  })

  test.each([...'\\/:*?"<>|\0\t\n\r\u001f\u007f'])('holds no %j', (forbidden) => {
    expectRefused(fileNameField, `a${forbidden}b`)
  })

  test('is the local name where it is empty or absent, as the PHP SDK means it', () => {
    expect(read(fileNameField, '', { name: 'README' })).toBe('README')
    expect(read(fileNameField, undefined, { name: 'README' })).toBe('README')
    expect(read(fileNameField, 'a', { name: 'a.mp4' })).toBe('a')
    expectRefused(fileNameField, '')
    expectRefused(fileNameField, undefined)
    expect(codesOf(() => read(fileNameField, '', { name: 'a/b' }))).toEqual(parametersRow)
  })
})

describe('tags', () => {
  const tagsOf = (params: Record<string, string>) => parseParams({ tags: tagsField }, toParams(params)).tags

  test('are taken under both spellings, in the order of their numbers', () => {
    expect(tagsOf({ 'tag.10': 'c', 'tags.2': 'b', 'tag.1': 'a', 'tags.0': 'zero' })).toEqual(['zero', 'a', 'b', 'c'])
  })

  test('beyond the tenth are dropped', () => {
    const numbers = Array.from({ length: 12 }, (_, n) => n).reverse()
    const tags = tagsOf(Object.fromEntries(numbers.map((n) => [`tag.${n}`, `t${n}`])))
    expect(tags).toEqual(Array.from({ length: 10 }, (_, n) => `t${n}`))
  })

  test('that are empty do not count', () => {
    expect(tagsOf({ 'tag.1': '', 'tag.2': 'b' })).toEqual(['b'])
  })

  test('have a number after one dot and nothing else', () => {
    expect(tagsOf({ tag: 'a', 'tag.': 'b', 'tag.x': 'c', 'xtag.1': 'd', 'tag.1.2': 'e', 'Tag.1': 'f' })).toEqual([])
  })

  test('of a UGC signature are read the same', () => {
    expect(readTags(toParams({ s: 'AKID', 'tag.2': 'x/y=z', 'tag.1': 'c++ & c#' }))).toEqual(['c++ & c#', 'x/y=z'])
  })
})

describe('the video of a cover', () => {
  const coverOf = (params: Record<string, string>) => parseParams({ coverOf: coverOfField }, toParams(params)).coverOf
  const id = '9031868222900000001'

  test.each([
    { 'extra.usage': '1', 'extra.fileId': id },
    { usage: '1', fileId: id },
    { 'extra.usage': '1', fileId: id },
  ])('is found in %j', (params) => expect(coverOf(params)).toBe(id))

  test.each([{}, { 'extra.usage': '' }, { 'extra.usage': '0', 'extra.fileId': id }, { fileId: id }])(
    'is not meant by %j',
    (params) => expect(coverOf(params)).toBeUndefined(),
  )

  test.each([
    { 'extra.usage': '2', 'extra.fileId': id },
    { 'extra.usage': '1' },
    { 'extra.usage': '1', 'extra.fileId': '' },
    { 'extra.usage': '1', 'extra.fileId': 'abc' },
    { usage: '1', fileId: '1'.repeat(21) },
  ])('is refused in %j', (params) => expect(codesOf(() => coverOf(params))).toEqual(parametersRow))
})
