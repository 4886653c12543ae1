import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { queryOf, sendRaw } from './support/raw-call.ts'
import { sampleFile, shareTestService, startTestService, type TestService } from './support/service.ts'
import { wireVectors } from './support/vectors.ts'

const { fileSha } = sampleFile(1_000)

interface Call {
  /** What the client signs; `{port}` is the service's. */
  readonly signed: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly to?: string
}

/** Whether a call is believed: it gets past its signature to the upload, which there is none of. */
async function isBelieved(service: TestService, { signed, path = '/v3/index.php', headers = {}, to = path }: Call) {
  const own = (text: string) => text.replace('{port}', new URL(service.url).port)
  const query = queryOf(service, 'FinishUpload', { fileSha }, { host: own(signed), path })
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, own(value)]))
  const { code } = await sendRaw(service, query, { path: to, headers: sent })
  expect([-10002, -10005]).toContain(code)
  return code === -10005
}

/** A machine without IPv6 cannot listen on `::`. */
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
)

const builtIn = ['vod2.qcloud.com', 'vod2.dnsv1.com', 'vod.api.qcloud.com']

describe('while no public host is configured', () => {
  const service = shareTestService()

  it.each([
    ...builtIn.map((signed) => ({ signed, host: 'anything.example.com', why: 'it is built into clients' })),
    { signed: '127.0.0.1:{port}', host: '127.0.0.1:{port}', why: 'it is the Host header' },
    { signed: '127.0.0.1', host: '127.0.0.1:{port}', why: 'it is the Host header without its port' },
    { signed: '127.0.0.1', host: '127.0.0.1', why: 'it is a Host header without port, as PHP sends it' },
    { signed: 'upload.example.com:8443', host: 'upload.example.com:8443', why: 'it is the Host header' },
    { signed: 'upload.example.com', host: 'upload.example.com:8443', why: 'it is the Host header without its port' },
    { signed: 'Upload.Example.com', host: 'Upload.Example.com', why: 'it is the Host header as it is written' },
    { signed: '[::1]:8443', host: '[::1]:8443', why: 'it is the Host header, an address in brackets' },
    { signed: '[::1]', host: '[::1]:8443', why: 'it is that without its port' },
  ])('$signed is believed under Host $host: $why', async ({ signed, host }) => {
    expect(await isBelieved(service(), { signed, headers: { Host: host } })).toBe(true)
  })

  it.each([
    { signed: 'upload.example.com:8443', host: 'upload.example.com', why: 'the port is nowhere else' },
    { signed: 'other.example.com', host: 'upload.example.com', why: 'it is another name' },
    { signed: 'example.com', host: 'upload.example.com', why: 'it is only its end' },
    { signed: '', host: 'upload.example.com', why: 'it is no name' },
    { signed: 'vod2.qcloud.com:{port}', host: '127.0.0.1:{port}', why: 'the built-in names have no port' },
  ])('$signed is not believed under Host $host: $why', async ({ signed, host }) => {
    expect(await isBelieved(service(), { signed, headers: { Host: host } })).toBe(false)
  })
})

describe('once public hosts are configured', () => {
  const service = shareTestService({ SLUICE_PUBLIC_HOSTS: 'upload.example.com:8443, video.example.org' })

  it.each([...builtIn, 'upload.example.com:8443', 'upload.example.com', 'video.example.org'])(
    '%s is believed, whatever the Host header says',
    async (signed) => {
      for (const host of [signed, 'anything.example.com', '127.0.0.1:{port}']) {
        expect(await isBelieved(service(), { signed, headers: { Host: host } })).toBe(true)
      }
    },
  )

  it.each([
    '127.0.0.1:{port}',
    '127.0.0.1',
    'anything.example.com',
    'video.example.org:8443',
    'upload.example.com:443',
  ])('%s is not believed, though it is the Host header', async (signed) => {
    expect(await isBelieved(service(), { signed, headers: { Host: signed } })).toBe(false)
  })
})

describe('X-Forwarded-Host', () => {
  const headers = { Host: '127.0.0.1:{port}', 'X-Forwarded-Host': 'upload.example.com:8443' }

  it.each(['127.0.0.1', '127.0.0.0/8', '10.0.0.1, 127.0.0.1', '::ffff:127.0.0.1'])(
    'is believed from a proxy that is trusted: %s',
    async (proxies) => {
      const service = await startTestService({ SLUICE_TRUSTED_PROXIES: proxies })
      for (const signed of ['upload.example.com:8443', 'upload.example.com', '127.0.0.1:{port}', 'vod2.qcloud.com']) {
        expect(await isBelieved(service, { signed, headers }), signed).toBe(true)
      }
      expect(await isBelieved(service, { signed: 'other.example.com', headers })).toBe(false)
    },
  )

  it.each(['', '10.0.0.0/8', '127.0.0.2', '::1'])('is not believed from anybody else: "%s"', async (proxies) => {
    const service = await startTestService({ SLUICE_TRUSTED_PROXIES: proxies })
    expect(await isBelieved(service, { signed: 'upload.example.com:8443', headers })).toBe(false)
    expect(await isBelieved(service, { signed: '127.0.0.1:{port}', headers })).toBe(true)
  })

  it.skipIf(!hasIpv6)('is believed from a trusted IPv4 address that comes in by IPv6', async () => {
    const service = await startTestService({ SLUICE_HOST: '::', SLUICE_TRUSTED_PROXIES: '127.0.0.0/8' })
    const byIpv4 = { ...service, url: service.url.replace('[::]', '127.0.0.1') }
    expect(await isBelieved(byIpv4, { signed: 'upload.example.com', headers })).toBe(true)
  })

  it('counts for nothing once public hosts are configured', async () => {
    const trusted = { SLUICE_TRUSTED_PROXIES: '127.0.0.1', SLUICE_PUBLIC_HOSTS: 'video.example.org' }
    const service = await startTestService(trusted)
    expect(await isBelieved(service, { signed: 'upload.example.com:8443', headers })).toBe(false)
    expect(await isBelieved(service, { signed: 'video.example.org', headers })).toBe(true)
  })
})

describe('the path', () => {
  it('may be signed as either public one, whichever is called', async () => {
    const service = await startTestService()
    for (const path of ['/v2/index.php', '/v3/index.php']) {
      for (const to of ['/v2/index.php', '/v3/index.php']) {
        expect(await isBelieved(service, { signed: 'vod2.qcloud.com', path, to })).toBe(true)
      }
    }
  })

  it('may have a prefix that a proxy strips, when it is configured', async () => {
    const prefixed = { signed: 'vod2.qcloud.com', path: '/vod/v3/index.php', to: '/v3/index.php' }
    expect(await isBelieved(await startTestService(), prefixed)).toBe(false)
    const service = await startTestService({ SLUICE_PUBLIC_PATHS: '/vod/v3/index.php, /other' })
    expect(await isBelieved(service, prefixed)).toBe(true)
    expect(await isBelieved(service, { ...prefixed, path: '/vod/v2/index.php' })).toBe(false)
    expect(await isBelieved(service, { ...prefixed, path: '/v2/index.php' })).toBe(true)
  })

  it.each([
    { hosts: 'upload.example.com:8443', paths: '/vod/v3/index.php', code: -10005 },
    { hosts: 'upload.example.com', paths: '/vod/v3/index.php', code: -10005 },
    { hosts: 'video.example.org', paths: '/vod/v3/index.php', code: -10002 },
    { hosts: 'upload.example.com:8443', paths: '', code: -10002 },
  ])('and the host of vector C13: hosts $hosts, paths $paths, code $code', async ({ hosts, paths, code }) => {
    const [vector] = wireVectors(/^C13$/)
    if (!vector) throw new Error('there is no vector C13')
    const { method, path, query, host } = vector.request
    const environment = { SLUICE_PUBLIC_HOSTS: hosts, SLUICE_PUBLIC_PATHS: paths }
    const service = await startTestService(environment, { frozen: true })
    expect(await sendRaw(service, query, { method, path, headers: { Host: host } })).toMatchObject({ code })
  })
})
