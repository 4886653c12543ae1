import { splitQuery } from '@sluice/protocol'
import { type SignableRequest, verifyServerSignature } from '@sluice/protocol/signatures'

export const secretKey = 'fixtureSecretKey0000000000000001'
export const host = 'vod2.qcloud.com'
export const path = '/v3/index.php'
export const request: Omit<SignableRequest, 'params'> = { method: 'POST', host, path, secretKey }

/** What a server that knows this host and path makes of a query. */
export function verify(query: string, { method = 'POST', hosts = [host], paths = [path], key = secretKey } = {}) {
  const params = verifyServerSignature({ method, hosts, paths, pairs: splitQuery(query) }, key)
  if (!params) return undefined
  return new Map([...params].filter(([name]) => name !== 'Signature'))
}

/** The parameters a server should read: names with dots, texts well-formed. */
export function meant(params: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(params).map(([name, value]) => [dotted(name).toWellFormed(), value.toWellFormed()]))
}

/** A name as it is signed and read: `_` as a dot, but for a leading one. */
export function dotted(name: string): string {
  return name.slice(0, 1) + name.slice(1).replaceAll('_', '.')
}
