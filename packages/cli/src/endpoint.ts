import { Misuse } from './command.ts'

/** Where `sluice serve` listens unless told otherwise. */
export const defaultUrl = 'http://127.0.0.1:8266'

/** The address of the service: `--url`, else SLUICE_URL, else this machine. Throws Misuse naming which is wrong. */
export function findUrl(option: string | undefined, env = process.env): string {
  const url = option ?? (env['SLUICE_URL'] || defaultUrl)
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url
  throw new Misuse(`${option === undefined ? 'SLUICE_URL' : '--url'} must be like ${defaultUrl}, not '${url}'`)
}
