import { openSqlite } from '@sluice/server/sqlite'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { checkCredentials } from '../../src/doctor/credentials.ts'
import { freePort, proxyTo } from './proxy.ts'
import { credentials, shareDoctored, signedSubjectAt, startDoctored } from './service.ts'

const service = shareDoctored()

afterEach(() => {
  vi.unstubAllEnvs()
})

const check = async (...of: Parameters<typeof signedSubjectAt>) => checkCredentials(await signedSubjectAt(...of))

test('a pair that the service knows is good under the name that is signed', async () => {
  const { url } = service()
  expect(await check(url)).toEqual({
    state: 'ok',
    finding: `AKIDdoctor is good, and so is the host ${new URL(url).host}`,
  })
})

describe('a pair that is refused', () => {
  const wrong = { credentials: { ...credentials, secretKey: 'another' } }
  const unknown = { credentials: { ...credentials, secretId: 'AKIDnobody' } }

  test('is not explained by the service', async () => {
    vi.stubEnv('SLUICE_DATA_DIR', '/nowhere')
    expect(await check(service().url, wrong)).toMatchObject({
      state: 'failed',
      finding:
        'signatures of AKIDdoctor, from the test, are refused for every host: it is unknown there, has expired, or the key is another',
      remedy: expect.stringContaining('sluice app list'),
    })
  })

  test('is explained by its data on this machine', async () => {
    const { url, directory } = service()
    vi.stubEnv('SLUICE_DATA_DIR', directory)
    expect((await check(url, wrong)).finding).toMatch(/for every host: in .* its key is another$/)
    expect((await check(url, unknown)).finding).toMatch(/for every host: .* has no such SecretId$/)
    const other = await startDoctored({ SLUICE_SECRET_KEY: 'another' })
    expect((await check(other.url)).finding).toContain('the service that answers has other data')
  })

  test('may have ended', async () => {
    const { url, directory } = await startDoctored()
    vi.stubEnv('SLUICE_DATA_DIR', directory)
    const metadata = await openSqlite(directory)
    const next = { appId: 1_250_000_001, secretId: 'AKIDnext', secretKey: 'next', createdAt: 1, expiresAt: null }
    await metadata.rotateCredential(next, 1_000)
    await metadata.close()
    expect((await check(url)).finding).toMatch(/for every host: its end is 1970-01-01T00:00:01\.000Z$/)
  })
})

describe('a host name that is refused', () => {
  test('is none of SLUICE_PUBLIC_HOSTS', async () => {
    const { url } = await startDoctored({ SLUICE_PUBLIC_HOSTS: 'localhost' })
    const { host } = new URL(url)
    expect(await check(url)).toEqual({
      state: 'failed',
      finding: `signatures for the host ${host} are refused, the key is good: it takes those for localhost`,
      remedy: expect.stringContaining(`Add ${host} to SLUICE_PUBLIC_HOSTS`),
    })
  })

  test('is another than the proxy writes', async () => {
    const url = await proxyTo(service().url, { host: 'backend.internal' })
    expect(await check(url)).toMatchObject({
      state: 'failed',
      finding: `signatures for the host ${new URL(url).host} are refused, the key is good`,
      remedy: expect.stringContaining('proxy_set_header Host $http_host'),
    })
  })

  test('is good once it is one of SLUICE_PUBLIC_HOSTS', async () => {
    const port = await freePort()
    const proxy = await proxyTo(`http://127.0.0.1:${port}`, { host: 'backend.internal' })
    const { host } = new URL(proxy)
    await startDoctored({ SLUICE_PORT: String(port), SLUICE_PUBLIC_HOSTS: `localhost,${host}` })
    expect(await check(proxy, { reach: 'everybody' })).toEqual({
      state: 'ok',
      finding: `AKIDdoctor is good, and so is the host ${host}`,
    })
  })
})

test('a path that the proxy shortens is refused until the service is told of it', async () => {
  const shortened = await proxyTo(service().url, { strips: '/vod' })
  expect(await check(`${shortened}/vod`)).toMatchObject({
    state: 'failed',
    finding: 'signatures for the path /vod/v3/index.php are refused, the key is good: the proxy takes /vod away',
    remedy: 'Set SLUICE_PUBLIC_PATHS=/vod/v3/index.php,/vod/v2/index.php on the service.',
  })
  const told = await startDoctored({ SLUICE_PUBLIC_PATHS: '/vod/v3/index.php,/vod/v2/index.php' })
  expect((await check(`${await proxyTo(told.url, { strips: '/vod' })}/vod`)).state).toBe('ok')
})

test('an app that is disabled, maintenance and a clock that is off are told apart', async () => {
  const { url, directory } = await startDoctored({ SLUICE_MAINTENANCE: 'on' })
  expect(await check(url)).toMatchObject({
    state: 'warning',
    finding: 'AKIDdoctor is good; the service is in maintenance',
  })
  expect(await check(url, { now: () => Date.now() - 8_000_000 })).toMatchObject({
    state: 'failed',
    finding: expect.stringMatching(/^the time of the signature is refused: Timestamp/),
  })
  const metadata = await openSqlite(directory)
  await metadata.setAppDisabled(1_250_000_001, 1)
  await metadata.close()
  await expect
    .poll(() => check(url), { timeout: 5_000 })
    .toMatchObject({
      state: 'failed',
      finding: 'AKIDdoctor is good, but its app is disabled',
    })
})

test('on a public address, a service that believes every Host is a warning', async () => {
  const { url } = service()
  expect(await check(url, { reach: 'everybody' })).toMatchObject({
    state: 'warning',
    remedy: expect.stringContaining(`Set SLUICE_PUBLIC_HOSTS=${new URL(url).host}`),
  })
})
