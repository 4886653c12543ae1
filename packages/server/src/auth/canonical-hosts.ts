/** The names under which clients may have been told to reach this service. */
export interface HostRule {
  /** Names the operator configured. Once there are any, what a request says of its own host counts for nothing. */
  readonly publicHosts: readonly string[]
  /** Paths the operator configured, for a proxy that strips a prefix. */
  readonly publicPaths: readonly string[]
}

/** The names compiled into the shipped clients. */
const builtInHosts = ['vod2.qcloud.com', 'vod2.dnsv1.com', 'vod.api.qcloud.com']
const builtInPaths = ['/v2/index.php', '/v3/index.php']

/**
 * The hosts a client may have signed, without repeats. A host is part of what is signed, so that a signature made for
 * another service is not good here; only while nothing is configured the request's own Host header is believed.
 */
export function signedHosts({ publicHosts }: HostRule, hostHeaders: readonly string[]): string[] {
  const named = publicHosts.length > 0 ? publicHosts : hostHeaders
  return [...new Set([...builtInHosts, ...named.flatMap((host) => [host, withoutPort(host)])])]
}

/** The paths a client may have signed, the one received first. */
export function signedPaths({ publicPaths }: HostRule, path: string): string[] {
  return [...new Set([path, ...builtInPaths, ...publicPaths])]
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '')
}
