/** Everything the element says. What stands in braces is filled in. */
export interface Texts {
  readonly dropOne: string
  readonly dropMany: string
  readonly choose: string
  readonly dropNow: string
  readonly limit: string
  readonly files: string
  readonly summary: string

  readonly ready: string
  readonly waiting: string
  readonly preparing: string
  readonly hashing: string
  readonly sending: string
  readonly finishing: string
  readonly left: string
  readonly paused: string
  readonly offline: string
  readonly otherTab: string
  readonly uploaded: string
  readonly instant: string

  readonly refusedType: string
  readonly refusedEmpty: string
  readonly refusedSize: string
  readonly refusedCount: string

  readonly failedNetwork: string
  readonly failedService: string
  readonly failedSource: string
  readonly failedChanged: string
  readonly failedSignature: string
  readonly failedArgument: string
  readonly failedCover: string

  readonly start: string
  readonly pause: string
  readonly resume: string
  readonly retry: string
  readonly remove: string
  readonly cover: string
  readonly pauseAll: string
  readonly resumeAll: string
  readonly progress: string

  readonly saidAdded: string
  readonly saidAddedMany: string
  readonly saidUploaded: string
  readonly saidUploadedMany: string
  readonly saidRemoved: string
  readonly saidFailed: string
}

const en: Texts = {
  dropOne: 'Drop a video here',
  dropMany: 'Drop videos here',
  choose: 'or choose from your device',
  dropNow: 'Drop to upload',
  limit: 'Up to {size}',
  files: 'Files',
  summary: '{done} of {total} uploaded',

  ready: 'Ready to upload · {total}',
  waiting: 'Waiting · {total}',
  preparing: 'Preparing · {total}',
  hashing: 'Checking · {percent}',
  sending: '{percent} · {sent} of {total}',
  finishing: 'Finishing …',
  left: '{time} left',
  paused: 'Paused · {percent} of {total}',
  offline: 'You are offline. It goes on by itself.',
  otherTab: 'Another tab is uploading this file.',
  uploaded: 'Uploaded · {total}',
  instant: 'Uploaded, was stored already · {total}',

  refusedType: 'Files of this type are not accepted.',
  refusedEmpty: 'This file is empty.',
  refusedSize: 'This file is larger than {size}.',
  refusedCount: 'No more than {count} at a time.',

  failedNetwork: 'The connection failed. Try again when it is better.',
  failedService: 'The service did not take it ({code}).',
  failedSource: 'This file can no longer be read. Choose it again.',
  failedChanged: 'This file changed meanwhile. Try again.',
  failedSignature: 'The upload was not permitted: {reason}',
  failedArgument: 'It cannot be uploaded: {reason}',
  failedCover: 'The video is uploaded, its cover is not.',

  start: 'Start {name}',
  pause: 'Pause {name}',
  resume: 'Resume {name}',
  retry: 'Try {name} again',
  remove: 'Remove {name}',
  cover: 'Choose a cover for {name}',
  pauseAll: 'Pause all',
  resumeAll: 'Resume all',
  progress: 'Progress of {name}',

  saidAdded: '{name} added.',
  saidAddedMany: '{count} files added.',
  saidUploaded: '{name} uploaded.',
  saidUploadedMany: '{count} files uploaded.',
  saidRemoved: '{name} removed.',
  saidFailed: '{name}: {reason}',
}

const zh: Texts = {
  dropOne: '将视频拖到这里',
  dropMany: '将视频拖到这里',
  choose: '或从设备中选择',
  dropNow: '松开即可上传',
  limit: '不超过 {size}',
  files: '文件',
  summary: '已上传 {done}/{total}',

  ready: '待上传 · {total}',
  waiting: '排队中 · {total}',
  preparing: '准备中 · {total}',
  hashing: '校验中 · {percent}',
  sending: '{percent} · {sent} / {total}',
  finishing: '即将完成…',
  left: '剩余 {time}',
  paused: '已暂停 · {percent}，共 {total}',
  offline: '网络已断开，恢复后自动继续。',
  otherTab: '另一个标签页正在上传此文件。',
  uploaded: '已上传 · {total}',
  instant: '已秒传 · {total}',

  refusedType: '不支持此类型的文件。',
  refusedEmpty: '文件为空。',
  refusedSize: '文件超过 {size}。',
  refusedCount: '一次最多 {count} 个文件。',

  failedNetwork: '网络连接失败，请稍后重试。',
  failedService: '服务未接受此文件（{code}）。',
  failedSource: '无法读取此文件，请重新选择。',
  failedChanged: '文件在上传时被修改，请重试。',
  failedSignature: '未获准上传：{reason}',
  failedArgument: '无法上传：{reason}',
  failedCover: '视频已上传，封面未能上传。',

  start: '开始上传 {name}',
  pause: '暂停 {name}',
  resume: '继续 {name}',
  retry: '重试 {name}',
  remove: '移除 {name}',
  cover: '为 {name} 选择封面',
  pauseAll: '全部暂停',
  resumeAll: '全部继续',
  progress: '{name} 的进度',

  saidAdded: '已添加 {name}。',
  saidAddedMany: '已添加 {count} 个文件。',
  saidUploaded: '{name} 已上传。',
  saidUploadedMany: '{count} 个文件已上传。',
  saidRemoved: '已移除 {name}。',
  saidFailed: '{name}：{reason}',
}

/** Texts and numbers of one language. */
export interface Language {
  say(text: keyof Texts, values?: Readonly<Record<string, string | number>>): string
  /** `12 MB`; `steady` keeps as many digits while it grows: `12.0 MB`. */
  bytes(bytes: number, steady?: 'steady'): string
  /** `3.1 MB/s` */
  rate(bytesPerS: number): string
  percent(share: number): string
  /** `5 min`, in steps that can be read. */
  duration(ms: number): string
}

/**
 * The language of a BCP 47 tag: Chinese, or else English. With texts of one's own, which may be some or all, numbers are as
 * the tag says.
 */
export function languageOf(tag: string, own?: Partial<Texts>): Language {
  const isChinese = /^zh\b/i.test(tag)
  const texts = { ...(isChinese ? zh : en), ...own }
  const locale = supported(own || isChinese || /^en\b/i.test(tag) ? tag : 'en')
  const unit = (value: number, name: string, most = 0, least = 0) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      minimumFractionDigits: least,
      maximumFractionDigits: most,
    }).format(value)

  return {
    say: (text, values = {}) => texts[text].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '')),
    bytes: (bytes, steady) => scaled(bytes, (value, name, most) => unit(value, name, most, steady ? most : 0)),
    rate: (bytesPerS) => scaled(bytesPerS, (value, name, most) => unit(value, `${name}-per-second`, most, most)),
    percent: (share) => new Intl.NumberFormat(locale, { style: 'percent' }).format(Math.floor(share * 100) / 100),
    duration(ms) {
      const s = Math.ceil(ms / 1000)
      if (s <= 10) return unit(Math.max(1, s), 'second')
      if (s <= 55) return unit(Math.ceil(s / 5) * 5, 'second')
      const min = Math.ceil(s / 60)
      if (min < 60) return unit(min, 'minute')
      return `${unit(Math.floor(min / 60), 'hour')} ${unit(min % 60, 'minute')}`
    },
  }
}

function scaled(bytes: number, format: (value: number, unit: string, fraction: number) => string): string {
  if (bytes < 1e6) return format(Math.ceil(bytes / 1e3), 'kilobyte', 0)
  return bytes < 1e9 ? format(bytes / 1e6, 'megabyte', 1) : format(bytes / 1e9, 'gigabyte', 2)
}

/** A tag that is none must not take the element down. */
function supported(tag: string): string {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag)[0] ?? 'en'
  } catch {
    return 'en'
  }
}
