import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkAddress } from '../../src/doctor/address.ts'
import { subjectAt } from '../../src/doctor/subject.ts'
import { makeCertificates } from './certificates.ts'
import { freePort, proxyTo, serveHttp } from './proxy.ts'
import { shareDoctored } from './service.ts'

const service = shareDoctored()

const check = async (url: string) => checkAddress(await subjectAt(url))

describe('it is found', () => {
  test('by its address, or that of its index.php', async () => {
    const { url } = service()
    for (const path of ['', '/', '/v3/index.php', '/v2/index.php']) {
      const { state, finding } = await check(`${url}${path}`)
      expect({ state, finding }).toEqual({
        state: 'ok',
        finding: `Sluice answers at ${url}${path.length > 1 ? path : '/v3/index.php'} and is healthy`,
      })
    }
  })

  test('behind a proxy that passes on what uploads need and takes a prefix away', async () => {
    const url = await proxyTo(service().url, {
      strips: '/vod',
      answers: ({ url = '' }, response) => !/\/v[23]\/index\.php/.test(url) && !!response.writeHead(404).end(),
    })
    expect(await check(`${url}/vod`)).toEqual({
      state: 'ok',
      finding: `Sluice answers at ${url}/vod/v3/index.php, /healthz is not passed on to it`,
    })
  })
})

describe('it is not', () => {
  test('where nobody listens', async () => {
    const port = await freePort()
    expect(await check(`http://127.0.0.1:${port}`)).toEqual({
      state: 'failed',
      finding: `nothing listens on 127.0.0.1:${port}`,
      remedy: expect.stringMatching(/^Start sluice serve, or name with --url where it listens\./),
    })
  })

  test('under a name that nobody knows', async () => {
    const { state, finding } = await check('http://sluice.invalid')
    expect(state).toBe('failed')
    expect(finding).toMatch(/^sluice\.invalid is a name that nobody knows \((ENOTFOUND|EAI_AGAIN)\)$/)
  })

  test('where connections are taken and nothing is answered', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1')
    onTestFinished(() => {
      server.close()
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    expect(await check(`http://127.0.0.1:${port}`)).toMatchObject({
      state: 'failed',
      finding: `127.0.0.1:${port} takes connections, but: no answer from 127.0.0.1:${port} within 5 s`,
    })
  })

  test('by TLS, where it speaks plain HTTP', async () => {
    const url = service().url.replace('http:', 'https:')
    expect(await check(url)).toMatchObject({
      state: 'failed',
      finding: `${new URL(url).host} does not speak TLS`,
      remedy: expect.stringContaining('Use http://'),
    })
  })

  test('by TLS, where a version is spoken that is long past', async () => {
    const past = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const url = await proxyTo(service().url, { tls: { ...makeCertificates().good, ...past } })
    expect(await check(url)).toMatchObject({
      state: 'failed',
      finding: expect.stringMatching(/ speaks no version of TLS, or no cipher, that is current/),
    })
  })

  test('by plain HTTP, where TLS is spoken', async () => {
    const url = (await proxyTo(service().url, { tls: makeCertificates().good })).replace('https:', 'http:')
    expect(await check(url)).toEqual({
      state: 'failed',
      finding: `${new URL(url).host} speaks TLS, not plain HTTP`,
      remedy: 'Use https://.',
    })
  })

  test('where something else answers', async () => {
    const url = await serveHttp((_, response) => response.writeHead(404, { server: 'other/1.0' }).end('not here'))
    expect(await check(url)).toMatchObject({
      state: 'failed',
      finding: `another service answers at ${url}/v3/index.php: 404 of other/1.0`,
    })
  })

  test('where its proxy redirects to TLS', async () => {
    const url = await serveHttp((request, response) =>
      response.writeHead(301, { location: `https://upload.example.com${request.url}` }).end(),
    )
    expect(await check(url)).toMatchObject({
      state: 'failed',
      finding: `${url}/v3/index.php redirects: 301 to https://upload.example.com/v3/index.php?Action=None`,
      remedy: expect.stringContaining('Give clients https://upload.example.com;'),
    })
  })

  test('where its proxy finds it stopped', async () => {
    const url = await proxyTo(`http://127.0.0.1:${await freePort()}`)
    expect(await check(url)).toMatchObject({
      state: 'failed',
      finding: 'a proxy answers, the service behind it does not: 502',
      remedy: expect.stringMatching(/^Start sluice serve/),
    })
  })

  test('under a prefix that it is not under', async () => {
    const { url } = service()
    expect(await check(`${url}/api`)).toMatchObject({
      state: 'failed',
      finding: `Sluice answers at ${url}, not under /api: 404`,
    })
  })
})

test('a proxy that passes on one of the two paths is a warning', async () => {
  const url = await proxyTo(service().url, {
    answers: ({ url = '' }, response) => url.startsWith('/v2/') && !!response.writeHead(404).end(),
  })
  expect(await check(url)).toMatchObject({
    state: 'warning',
    finding: `${url}/v3/index.php is answered, /v2/index.php is not: 404`,
  })
})
