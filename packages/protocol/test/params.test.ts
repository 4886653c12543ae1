import {
  checkFileName,
  classIdField,
  coverOfField,
  dataSizeField,
  documentedLimits,
  type Field,
  fileNameField,
  fileSizeField,
  fileTypeField,
  flagField,
  integerField,
  md5Field,
  optional,
  parseParams,
  readTags,
  sha1Field,
  tagsField,
  textField,
} from '@sluice/protocol'
import { describe, expect, test } from 'vitest'
import { codesOf, thrownBy } from './thrown.ts'

const upperSha = '532B57DA33A2D72AAF80FFCD2EE4729C71976B61'
const parametersRow = { errorName: 'parameters', code: -10003, canRetry: 0, codeDesc: '4000' }

/** Reads `value` through one field; `undefined` means that the parameter is absent. */
function read<T>(field: Field<T>, value: string | undefined, others: Record<string, string> = {}): T {
  return parseParams({ field }, toParams({ ...others, ...(value === undefined ? {} : { field: value }) })).field
}

function toParams(params: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(params))
}

function expectRefused(field: Field<unknown>, value: string | undefined): void {
  expect(codesOf(() => read(field, value))).toEqual(parametersRow)
}

describe('hashes', () => {
  test('are lower-cased, as the C# SDK sends upper case', () => {
    expect(read(sha1Field, upperSha)).toBe(upperSha.toLowerCase())
    expect(read(md5Field, upperSha.slice(0, 32))).toBe(upperSha.slice(0, 32).toLowerCase())
  })

  test.each([
    undefined,
    '',
    upperSha.slice(1),
    `${upperSha}0`,
    `${upperSha.slice(1)}g`,
    ` ${upperSha.slice(1)}`,
    `${upperSha}\n`,
  ])('that are not 40 hex digits are refused: %j', (value) => expectRefused(sha1Field, value))

  test('of a part are 32 digits', () => {
    expectRefused(md5Field, upperSha)
    expectRefused(md5Field, upperSha.slice(0, 31))
    expectRefused(md5Field, undefined)
  })
})

describe('a file type', () => {
  test.each([
    ['MP4', 'mp4'],
    ['7z', '7z'],
    ['a'.repeat(16), 'a'.repeat(16)],
  ])('%j is read as %j', (value, expected) => expect(read(fileTypeField, value)).toBe(expected))

  test.each([undefined, '', '.mp4', 'a'.repeat(17), 'mp 4', '视频', 'tar.gz', 'mp4\n'])('%j is refused', (value) =>
    expectRefused(fileTypeField, value),
  )
})

describe('a whole number', () => {
  const field = integerField(0, Number.MAX_SAFE_INTEGER)

  test.each([
    ['0', 0],
    ['0007', 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%j is read as %d', (value, expected) => expect(read(field, value)).toBe(expected))

  test.each([
    undefined,
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '1.0',
    '1e3',
    '0x1',
    '１',
    '9007199254740992',
    '1'.repeat(17),
    'NaN',
  ])('%j is refused', (value) => expectRefused(field, value))

  test('lies within its bounds, both included', () => {
    expect([524_288, 786_432, 1_048_576].map((size) => read(dataSizeField, String(size)))).toEqual([
      524_288, 786_432, 1_048_576,
    ])
    expectRefused(dataSizeField, '524287')
    expectRefused(dataSizeField, '1048577')
  })
})

describe('a file size', () => {
  test('is at least one byte', () => {
    expect(read(fileSizeField, '1')).toBe(1)
    expectRefused(fileSizeField, '0')
  })

  test('is at most what is configured', () => {
    const within = { ...documentedLimits, maxFileSize: 1000 }
    const parse = (fileSize: string) => parseParams({ fileSize: fileSizeField }, toParams({ fileSize }), within)
    expect(parse('1000')).toEqual({ fileSize: 1000 })
    expect(codesOf(() => parse('1001'))).toEqual(parametersRow)
  })
})

describe('a flag', () => {
  test.each([
    ['1', true],
    ['0', false],
    ['', false],
    [undefined, false],
  ])('%j is read as %j', (value, expected) => expect(read(flagField, value)).toBe(expected))

  test.each(['2', 'true', '01', '-1', ' '])('%j is refused', (value) => expectRefused(flagField, value))
})

describe('a class id', () => {
  test.each([
    ['12', 12],
    ['0', 0],
    ['-1', -1],
    ['-0', 0],
    ['', 0],
    [undefined, 0],
  ])('%j is read as %d', (value, expected) => expect(read(classIdField, value)).toBe(expected))

  test.each(['-', 'a', '1.5', '1 ', '1'.repeat(16)])('%j is refused', (value) => expectRefused(classIdField, value))
})

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

describe('a text', () => {
  test('may be anything, or absent', () => {
    expect(read(textField, 'SDK_PHP_1.4')).toBe('SDK_PHP_1.4')
    expect(read(textField, undefined)).toBe('')
  })
})

describe('an optional field', () => {
  test('is undefined when absent or empty, and checked when not', () => {
    expect(read(optional(md5Field), undefined)).toBeUndefined()
    expect(read(optional(md5Field), '')).toBeUndefined()
    expect(read(optional(md5Field), upperSha.slice(0, 32))).toBe(upperSha.slice(0, 32).toLowerCase())
    expectRefused(optional(md5Field), 'x')
  })
})

describe('a refusal', () => {
  const parse = (params: Record<string, string>) =>
    parseParams({ fileSha: sha1Field, fileType: fileTypeField }, toParams(params))

  test('names the first wrong parameter of the schema, what was expected and what was found', () => {
    expect(thrownBy(() => parse({})).message).toBe('fileSha: expected 40 hex digits, found nothing')
    expect(thrownBy(() => parse({ fileSha: upperSha, fileType: '.x' })).message).toBe(
      'fileType: expected a file extension of 1 to 16 letters or digits, found ".x"',
    )
  })

  test('shows at most 64 characters of what was found', () => {
    expect(thrownBy(() => parse({ fileSha: 'a'.repeat(65) })).message).toBe(
      `fileSha: expected 40 hex digits, found "${'a'.repeat(64)}…"`,
    )
  })
})
