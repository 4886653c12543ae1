import { Misuse } from './command.ts'

/** Bytes as people read them: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** Seconds as people read them: `3.2 s`, `4 min 20 s`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
}

const secondsPerUnit = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** Reads a duration, `1d`, `12h`, `30m` or `3600s`, as seconds within bounds. Throws Misuse naming the option. */
export function parseSeconds(option: string, text: string, min: number, max: number): number {
  const match = /^(\d{1,9})([smhd])$/.exec(text)
  const seconds = match ? Number(match[1]) * secondsPerUnit[match[2] as keyof typeof secondsPerUnit] : Number.NaN
  if (seconds >= min && seconds <= max) return seconds
  const expected = `a time like 3600s, 30m, 12h or 1d, from ${min}s to ${max / 86_400}d`
  throw new Misuse(`${option} must be ${expected}, not '${text}'`)
}

/** Reads a whole number within bounds. Throws Misuse naming the option. */
export function parseWhole(option: string, text: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`
  throw new Misuse(`${option} must be a whole number ${range}, not '${text}'`)
}
