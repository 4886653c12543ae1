import { limits, type ParamLimits } from './limits.ts'
import {
  checkFileName,
  classIdField,
  type Field,
  flagField,
  md5Field,
  optional,
  type Params,
  refuse,
} from './params.ts'

/** A file to be fetched from somewhere else. */
export interface PullSource {
  readonly url: string
  /** Display name; `undefined` when nothing is said. */
  readonly fileName: string | undefined
  /** MD5 of the whole file, 32 hex digits. */
  readonly fileMd5: string | undefined
  readonly classId: number
  readonly tags: readonly string[]
  readonly watermark: boolean
}

/** `pullset.n.url` and what else is said of it, n from 0; in the order of n. What is wrong is named with its n. */
export const pullSetField: Field<readonly PullSource[]> = (params, name, within) => {
  const entries = new Map<string, Map<string, string>>()
  for (const [key, value] of params) {
    const [, n, field] = /^pullset\.(\d{1,4})\.([A-Za-z0-9]+)$/i.exec(key) ?? []
    if (n === undefined || field === undefined) continue
    const entry = entries.get(n) ?? new Map<string, string>()
    entries.set(n, entry.set(field, value))
  }
  if (entries.size === 0) throw refuse(`${name}.0.url`, 'an address to pull from', undefined)
  if (entries.size > limits.maxPullSet) {
    throw refuse(`${name}.n`, `at most ${limits.maxPullSet} addresses`, String(entries.size))
  }
  return [...entries]
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([n, entry]) => readEntry(`${name}.${n}`, entry, within))
}

function readEntry(prefix: string, entry: Params, within: ParamLimits): PullSource {
  const url = entry.get('url') ?? ''
  const fileName = entry.get('fileName')
  const named = <T>(field: Field<T>, name: string): T => {
    const full = `${prefix}.${name}`
    return field(new Map([[full, entry.get(name) ?? '']]), full, within)
  }
  for (const flag of ['isTranscode', 'isScreenshot']) named(flagField, flag)
  return {
    url: checkUrl(`${prefix}.url`, url),
    fileName: fileName ? checkFileName(`${prefix}.fileName`, fileName, within) : undefined,
    fileMd5: named(optional(md5Field), 'fileMd5'),
    classId: named(classIdField, 'classId'),
    tags: splitTags(entry.get('tags') ?? ''),
    watermark: named(flagField, 'isWatermark'),
  }
}

function checkUrl(name: string, url: string): string {
  const fits = url.length <= limits.maxPullUrl && /^https?:\/\/[^\s/?#@]+([/?#]\S*)?$/i.test(url) && URL.canParse(url)
  if (!fits) throw refuse(name, 'an http or https address without credentials', url)
  return url
}

/** Separated by commas; the first ten that are not empty. */
function splitTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim())
  return tags.filter((tag) => tag !== '').slice(0, limits.maxTags)
}
