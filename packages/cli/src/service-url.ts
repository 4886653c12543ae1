/** Where `sluice serve` listens unless told otherwise. */
export const defaultUrl = 'http://127.0.0.1:8266'

/** Whether a text can be the address of a service. */
export function isServiceUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
