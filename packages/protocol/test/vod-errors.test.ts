import {
  type ErrorName,
  errorTable,
  ProtocolError,
  toVodError,
  VodError,
  type VodErrorName,
  vodErrorTable,
} from '@sluice/protocol'
import { describe, expect, test } from 'vitest'
import { readPage, readTable } from './markdown.ts'

const rows = Object.entries(vodErrorTable)

describe('the error table of the management API', () => {
  test('is the one of docs/errors.md, row by row, with when a row is raised', () => {
    const documented = readTable(readPage('errors.md'), 'name', 'code', 'codeDesc')
    expect(documented.map((cells) => cells.slice(0, 4))).toEqual(
      rows.map(([name, { code, codeDesc, meaning }]) => [`\`${name}\``, String(code), `\`${codeDesc}\``, meaning]),
    )
    for (const [name, , , , raisedWhen] of documented) expect(raisedWhen?.length, name).toBeGreaterThan(20)
  })

  test('holds positive codes only, each once, and never the word of success', () => {
    for (const [name, { code, codeDesc }] of rows) {
      expect(code, name).toBeGreaterThan(0)
      expect(codeDesc, name).toMatch(/^[A-Z][A-Za-z]+$/)
      expect(codeDesc, name).not.toBe('Success')
    }
    expect(new Set(rows.map(([, { code }]) => code)).size).toBe(rows.length)
    expect(new Set(rows.map(([, { codeDesc }]) => codeDesc)).size).toBe(rows.length)
  })

  test.each(rows)('a VodError of %s carries its row, its message and its cause', (name, { code, codeDesc }) => {
    const cause = new Error('disk')
    const error = new VodError(name as VodErrorName, 'why', cause)
    expect(error).toMatchObject({ name: 'VodError', errorName: name, code, codeDesc, message: 'why', cause })
  })
})

describe('what the shared layers throw', () => {
  const thrown: [ErrorName, string, number][] = [
    ['commonParameters', '4000', 4000],
    ['commonParameters', '', 4000],
    ['commonParameters', '4500', 4500],
    ['signature', '4100', 4100],
    ['parameters', '4000', 4000],
    ['blocked', '4300', 4300],
    ['rateLimited', '4400', 4400],
    ['unavailable', '6200', 6200],
    ['writeFailed', 'ENOSPC', 1001],
    ['readFailed', 'SQLITE_IOERR', 1001],
    ['internal', '', 6000],
  ]

  test.each(thrown)('%s with codeDesc "%s" is %i', (name, codeDesc, code) => {
    const error = new ProtocolError(name, 'why', { codeDesc })
    expect(toVodError(error)).toMatchObject({ code, message: 'why', cause: error })
  })

  test('has a row whatever it is', () => {
    for (const name of Object.keys(errorTable)) {
      expect(toVodError(new ProtocolError(name as ErrorName, 'why')).code, name).toBeGreaterThan(0)
    }
  })
})
