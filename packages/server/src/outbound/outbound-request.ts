import type { LookupAddress } from 'node:dns'
import http, { type ClientRequest, type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { nameLookup } from './name-lookup.ts'
import { isPublicAddress } from './public-address.ts'

const ourLookup = nameLookup()

/** An address that this service does not call. Its message says which, and why. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

export interface OutboundOptions {
  /** Whether the address may be loopback, private or otherwise special: the operator chose it, or said so. */
  readonly allowPrivate: boolean
  readonly method?: 'GET' | 'HEAD' | 'POST'
  readonly headers?: OutgoingHttpHeaders
  readonly signal?: AbortSignal
  /** Resolves names, in place of `nameLookup`. */
  readonly lookup?: LookupFunction
}

/**
 * Opens a request to an address that somebody else chose: the caller writes its body, ends it, and listens for `response`
 * and `error`. Names are resolved here and the connection goes to an address that was looked at, so that a name which
 * resolves to something else a moment later gains nothing. Every request has a connection of its own, straight to its
 * host whatever the environment says of proxies; redirects are answers like others.
 *
 * Throws AddressRefused, or emits it as the request's `error` when a name leads nowhere else than to such an address.
 */
export function outboundRequest(address: string | URL, options: OutboundOptions): ClientRequest {
  const { allowPrivate, method = 'GET', headers = {}, signal, lookup = ourLookup } = options
  const url = outboundUrl(address)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  // A host that is an address already is connected to without a lookup.
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host))
    throw new AddressRefused(`${host} is no public address`)
  const request = (url.protocol === 'https:' ? https : http).request(url, {
    method,
    headers,
    agent: false,
    lookup: allowPrivate ? lookup : publicOnly(lookup),
    ...(signal && { signal }),
  })
  // Nobody asked for another protocol. Unheard, such an answer ends the request with neither `response` nor `error`.
  return request.on('upgrade', (response, socket) => {
    socket.destroy()
    request.emit('response', response)
  })
}

/** Reads an address to be called: http or https, and no credentials in it. Throws AddressRefused. */
export function outboundUrl(address: string | URL): URL {
  if (!URL.canParse(address.toString())) throw new AddressRefused('expected a URL')
  const url = new URL(address)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new AddressRefused(`expected http or https, found ${url.protocol}`)
  if (url.username !== '' || url.password !== '') throw new AddressRefused('expected a URL without credentials')
  return url
}

/** A lookup that keeps to itself what is no public address. */
function publicOnly(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '')
      const addresses = (found as LookupAddress[]).filter(({ address }) => isPublicAddress(address)) // `all` was asked for
      const [first] = addresses
      if (!first) return callback(new AddressRefused(`${hostname} has no public address`), '')
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}
