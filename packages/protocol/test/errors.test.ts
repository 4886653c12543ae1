import { type ErrorName, errorTable, ProtocolError } from '@sluice/protocol'
import { describe, expect, test } from 'vitest'
import { readPage, readTable } from './markdown.ts'

const rows = Object.entries(errorTable)

describe('the error table', () => {
  test('is the table of docs/errors.md, row by row', () => {
    const documented = readTable(readPage('errors.md'), 'name', 'code', 'canRetry').map(
      ([name, code, canRetry, meaning]) => ({ name, code, canRetry, meaning }),
    )
    expect(documented).toEqual(
      rows.map(([name, { code, canRetry, meaning }]) => ({
        name: `\`${name}\``,
        code: String(code),
        canRetry: String(canRetry),
        meaning,
      })),
    )
  })

  test('is documented with who raises an error and what to do about it', () => {
    for (const [name, , , , raisedWhen, whatToDo] of readTable(readPage('errors.md'), 'name', 'code', 'canRetry')) {
      expect(raisedWhen?.length, name).toBeGreaterThan(20)
      expect(whatToDo?.length, name).toBeGreaterThan(10)
    }
  })

  test('holds negative codes only: clients take the others for a success', () => {
    for (const [name, { code }] of rows) expect(code, name).toBeLessThan(0)
  })

  test('holds no code with the same canRetry twice, so that a client can tell the rows apart', () => {
    expect(new Set(rows.map(([, { code, canRetry }]) => `${code} ${canRetry}`)).size).toBe(rows.length)
  })

  test('promises a retry for faults that pass, and for no others', () => {
    const retried = rows.filter(([, { canRetry }]) => canRetry === 1).map(([name]) => name)
    expect(retried).toEqual(['writeFailed', 'readFailed', 'body', 'rateLimited', 'internal', 'unavailable'])
  })
})

describe('a ProtocolError', () => {
  test('carries its row, its message and its details', () => {
    const cause = new Error('disk')
    const error = new ProtocolError('stateMissing', 'upload incomplete', {
      codeDesc: '1',
      members: { offset: 7 },
      cause,
    })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'ProtocolError', errorName: 'stateMissing', code: -10005, canRetry: 0 })
    expect(error).toMatchObject({ message: 'upload incomplete', codeDesc: '1', members: { offset: 7 } })
    expect(error.cause).toBe(cause)
  })

  test.each(rows)('%s has the code and canRetry of its row, and no details unless given', (name, row) => {
    const error = new ProtocolError(name as ErrorName, 'why')
    expect(error).toMatchObject({ code: row.code, canRetry: row.canRetry, codeDesc: '', members: {} })
  })
})
