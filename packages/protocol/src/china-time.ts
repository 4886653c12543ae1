/** The old service wrote times as texts of China's clock, eight hours ahead of UTC, without saying so. */
const aheadMs = 8 * 3_600_000

/** A time as answers write it: `2017-03-20 16:53:20`. */
export function formatChinaTime(at: number): string {
  return new Date(at + aheadMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** Reads `2017-3-20 16:53:20`, or a day alone; milliseconds since 1970, `undefined` when it is no such time. */
export function readChinaTime(text: string): number | undefined {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{1,2}):(\d{1,2}))?$/.exec(text.trim())
  if (!match) return undefined
  const [, year, month, day, hours = '0', minutes = '0', seconds = '0'] = match
  const given = [year, month, day, hours, minutes, seconds].map(Number)
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = given
  const date = new Date(Date.UTC(y, mo - 1, d, h, mi, s))
  // A 31st of February would have become a day of March.
  const meant = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  if (String(meant) !== String([y, mo, d]) || h > 23 || mi > 59 || s > 59) return undefined
  return date.getTime() - aheadMs
}
