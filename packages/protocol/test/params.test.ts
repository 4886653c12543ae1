import {
  classIdField,
  dataSizeField,
  documentedLimits,
  fileSizeField,
  fileTypeField,
  flagField,
  integerField,
  md5Field,
  optional,
  parseParams,
  sha1Field,
  textField,
} from '@sluice/protocol'
import { describe, expect, test } from 'vitest'
import { expectRefused, parametersRow, read, toParams } from './fields.ts'
import { codesOf, thrownBy } from './thrown.ts'

const upperSha = '532B57DA33A2D72AAF80FFCD2EE4729C71976B61'

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
