import { readChinaTime } from './china-time.ts'
import { limits } from './limits.ts'
import { type Field, integerField, type Params, refuse } from './params.ts'

/** A number that may be absent, and then stands for `fallback`. */
export function integerOr(fallback: number, min: number, max: number): Field<number> {
  const field = integerField(min, max)
  return (params, name, within) => (params.get(name) ? field(params, name, within) : fallback)
}

/** The values of `name.n`, in the order of n, whatever it starts from; empty ones are left out. */
export function readList(params: Params, name: string): string[] {
  const found: { n: number; value: string }[] = []
  for (const [key, value] of params) {
    const n = key.startsWith(`${name}.`) ? key.slice(name.length + 1) : ''
    if (/^\d{1,4}$/.test(n) && value !== '') found.push({ n: Number(n), value })
  }
  return found.sort((a, b) => a.n - b.n).map(({ value }) => value)
}

/** A list `name.n` of at least `min` and at most `max` values that look as expected. */
export function listField(min: number, max: number, pattern: RegExp, expected: string): Field<readonly string[]> {
  return (params, name) => {
    const values = readList(params, name)
    if (values.length < min || values.length > max) {
      throw refuse(`${name}.n`, `${min} to ${max} values`, String(values.length))
    }
    const wrong = values.find((value) => !pattern.test(value))
    if (wrong !== undefined) throw refuse(`${name}.n`, expected, wrong)
    return values
  }
}

/** Tags to add: letters, digits and Chinese characters, at most eight each. */
export const newTagsField = listField(
  1,
  limits.maxTags,
  /^[A-Za-z0-9\p{Script=Han}]{1,8}$/u,
  'at most 8 letters, digits or Chinese characters',
)

/** Tags to remove: those of an upload may be any text. */
export const oldTagsField = listField(1, 100, /./su, 'a tag')

/** A text of 1 to `max` code points without control characters. */
export function nameField(max: number): Field<string> {
  return (params, name) => {
    const value = params.get(name)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    if (!value || /[\x00-\x1f\x7f]/.test(value) || Array.from(value).length > max) {
      throw refuse(name, `1 to ${max} characters, no control characters`, value)
    }
    return value
  }
}

/** What a file is about. Absent is `undefined`, an empty text is an empty one. */
export const fileIntroField: Field<string | undefined> = (params, name) => {
  const value = params.get(name)
  if (value !== undefined && (value.includes('\0') || Array.from(value).length > limits.maxFileIntro)) {
    throw refuse(name, `at most ${limits.maxFileIntro} characters`, value)
  }
  return value
}

/** A time such as `2017-03-20 16:53:20` by China's clock, in milliseconds since 1970. */
export const chinaTimeField: Field<number | undefined> = (params, name) => {
  const value = params.get(name)
  if (!value) return undefined
  const at = readChinaTime(value)
  if (at === undefined) throw refuse(name, 'a time such as 2017-03-20 16:53:20', value)
  return at
}

/**
 * When a file ends: Unix seconds, or milliseconds from 10^11 on, -1 for never; earlier pages have `expireTime` with a
 * text of China's clock. In milliseconds, null for never, `undefined` when nothing is said.
 */
export const expireField: Field<number | null | undefined> = (params, name, within) => {
  const value = params.get(name)
  if (!value) return chinaTimeField(params, 'expireTime', within)
  if (value === '-1') return null
  if (!/^\d{1,14}$/.test(value)) throw refuse(name, 'Unix seconds, or -1', value)
  return Number(value) >= limits.millisecondsFrom ? Number(value) : Number(value) * 1000
}

/** The class above a new one; -1, or nothing, for a class at the top. */
export const parentIdField: Field<number> = (params, name, within) =>
  ['', '-1'].includes(params.get(name) ?? '') ? -1 : integerField(0, limits.maxId)(params, name, within)
