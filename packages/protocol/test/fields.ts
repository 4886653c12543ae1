import { type Field, parseParams } from '@sluice/protocol'
import { expect } from 'vitest'
import { codesOf } from './thrown.ts'

/** How a wrong parameter is answered. */
export const parametersRow = { errorName: 'parameters', code: -10003, canRetry: 0, codeDesc: '4000' }

export function toParams(params: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(params))
}

/** Reads `value` through one field; `undefined` means that the parameter is absent. */
export function read<T>(field: Field<T>, value: string | undefined, others: Record<string, string> = {}): T {
  return parseParams({ field }, toParams({ ...others, ...(value === undefined ? {} : { field: value }) })).field
}

export function expectRefused(field: Field<unknown>, value: string | undefined): void {
  expect(codesOf(() => read(field, value))).toEqual(parametersRow)
}
