import { ProtocolError } from './errors.ts'
import { documentedLimits, limits, type ParamLimits } from './limits.ts'

/** Decoded parameters by name, with `_` in a name read as `.` (the PHP SDK sends `extra_usage` for `extra.usage`). */
export type Params = ReadonlyMap<string, string>

/** Reads one value out of the parameters. `name` is the wire's name. */
export type Field<T> = (params: Params, name: string, within: ParamLimits) => T

export type Schema = Readonly<Record<string, Field<unknown>>>

/** What a schema yields. */
export type Parsed<S extends Schema> = { readonly [K in keyof S]: ReturnType<S[K]> }

/** Parses parameters by a schema, field by field in its order. Throws `parameters` (-10003) naming the first that is wrong. */
export function parseParams<S extends Schema>(schema: S, params: Params, within = documentedLimits): Parsed<S> {
  const parsed: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(schema)) parsed[name] = field(params, name, within)
  return parsed as Parsed<S> // every key of S was just set from its own field
}

/** A refusal that names the parameter, what was expected and what was found (shortened). */
export function refuse(name: string, expected: string, found: string | undefined): ProtocolError {
  const shown = found === undefined ? 'nothing' : `"${found.length > 64 ? `${found.slice(0, 64)}…` : found}"`
  return new ProtocolError('parameters', `${name}: expected ${expected}, found ${shown}`, { codeDesc: '4000' })
}

const matching =
  (pattern: RegExp, expected: string): Field<string> =>
  (params, name) => {
    const value = params.get(name)
    if (value === undefined || !pattern.test(value)) throw refuse(name, expected, value)
    return value.toLowerCase()
  }

/** The SHA-1 of a whole file; the C# SDK sends upper case. Lower-cased. */
export const sha1Field = matching(/^[0-9a-fA-F]{40}$/, '40 hex digits')
/** The MD5 of a part. Lower-cased. */
export const md5Field = matching(/^[0-9a-fA-F]{32}$/, '32 hex digits')
/** The extension without its dot; the web SDK sends upper case. Lower-cased. */
export const fileTypeField = matching(/^[A-Za-z0-9]{1,16}$/, 'a file extension of 1 to 16 letters or digits')

/** A whole number within bounds, in decimal digits. */
export function integerField(min: number, max: number): Field<number> {
  return (params, name) => {
    const value = params.get(name)
    const number = value !== undefined && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max)) throw refuse(name, `a whole number from ${min} to ${max}`, value)
    return number
  }
}

/** The size of the whole file: 1 byte to the configured maximum. */
export const fileSizeField: Field<number> = (params, name, within) =>
  integerField(1, within.maxFileSize)(params, name, within)

/** The part size: the pages name two values, the oldest one allows everything between. */
export const dataSizeField = integerField(limits.minDataSize, limits.maxDataSize)

/** A processing flag, `0` or `1`; absent or empty is 0. */
export const flagField: Field<boolean> = (params, name) => {
  const value = params.get(name) ?? ''
  if (value !== '' && value !== '0' && value !== '1') throw refuse(name, '0 or 1', value)
  return value === '1'
}

/** A class id; absent or empty is 0, the default class. */
export const classIdField: Field<number> = (params, name) => {
  const value = params.get(name) ?? ''
  if (!/^(-?\d{1,15})?$/.test(value)) throw refuse(name, 'a class id', value)
  return Number(value) || 0
}

/** A display name. When `fileName` is empty the PHP SDK means `name`, the full local name. */
export const fileNameField: Field<string> = (params, name, within) => {
  const value = params.get(name) || params.get('name')
  if (!value) throw refuse(name, 'a name', value)
  return checkFileName(name, value, within)
}

/** Checks a display name: at most the allowed code points, none of `\ / : * ? " < > |`, no control characters. */
export function checkFileName(name: string, value: string, within: ParamLimits = documentedLimits): string {
  const expected = `at most ${within.maxFileName} characters, none of \\ / : * ? " < > | and no control characters`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\\/:*?"<>|\x00-\x1f\x7f]/.test(value) || Array.from(value).length > within.maxFileName) {
    throw refuse(name, expected, value)
  }
  return value
}

/** `tags.n` of the pages and `tag.n` of the SDKs, n from 0, in the order of n; the first ten count. */
export const tagsField: Field<readonly string[]> = (params) => readTags(params)

/** Reads `tag.n` and `tags.n` out of parameters or of a UGC signature's fields. */
export function readTags(params: Params): readonly string[] {
  const tags: { n: number; value: string }[] = []
  for (const [name, value] of params) {
    const match = /^tags?\.(\d{1,4})$/.exec(name)
    if (match && value !== '') tags.push({ n: Number(match[1]), value })
  }
  return tags
    .sort((a, b) => a.n - b.n)
    .slice(0, limits.maxTags)
    .map((tag) => tag.value)
}

/** The video a cover is for: `extra.usage=1` with `extra.fileId` (pages, Java), or the same without prefix (C#). */
export const coverOfField: Field<string | undefined> = (params) => {
  const usage = params.get('extra.usage') ?? params.get('usage')
  if (usage === undefined || usage === '' || usage === '0') return undefined
  if (usage !== '1') throw refuse('extra.usage', '1 (a cover) or nothing', usage)
  const fileId = params.get('extra.fileId') ?? params.get('fileId')
  if (fileId === undefined || !/^\d{1,20}$/.test(fileId)) throw refuse('extra.fileId', 'the id of a video', fileId)
  return fileId
}

/** `msgHandle.n` of ConfirmEvent: older pages count n from 1, later ones from 0. In the order of n, at least one. */
export const handlesField: Field<readonly string[]> = (params) => {
  const handles: { n: number; value: string }[] = []
  for (const [name, value] of params) {
    const match = /^msgHandle\.(\d{1,4})$/.exec(name)
    if (match && value !== '') handles.push({ n: Number(match[1]), value })
  }
  const { maxConfirmedEvents } = limits
  if (handles.length === 0) throw refuse('msgHandle.0', 'the handle of an event', undefined)
  if (handles.length > maxConfirmedEvents) {
    throw refuse('msgHandle.n', `at most ${maxConfirmedEvents} handles`, String(handles.length))
  }
  return handles.sort((a, b) => a.n - b.n).map((handle) => handle.value)
}

/** The id of a file: decimal digits. */
export const fileIdField = matching(/^\d{1,20}$/, 'the id of a file')

/** A text that may be absent. */
export const textField: Field<string> = (params, name) => params.get(name) ?? ''

/** The same field, but absent or empty means `undefined`. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return (params, name, within) => (params.get(name) ? field(params, name, within) : undefined)
}
