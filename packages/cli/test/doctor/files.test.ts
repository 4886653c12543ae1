import { createHash } from 'node:crypto'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { upload } from '@sluice/client'
import { serverCredentials } from '@sluice/client/server-credentials'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkFiles } from '../../src/doctor/files.ts'
import { makeCertificates } from './certificates.ts'
import { freePort, type ProxyRules, proxyTo } from './proxy.ts'
import { credentials, shareDoctored, signedSubjectAt, startDoctored } from './service.ts'

const origin = 'https://www.example.com'

const certificates = makeCertificates()
setDefaultCACertificates([...getCACertificates('default'), certificates.ca])

async function store(url: string, bytes: number) {
  const name = createHash('sha1').update(String(bytes)).digest('hex').slice(0, 8)
  const options = { url, credentials: serverCredentials(credentials), file: { fileName: name, fileType: 'mp4' } }
  return upload(new Blob([Buffer.alloc(bytes, 7)]), options)
}

/** A service that gives its files the address of a proxy in front of it. */
async function servedThrough(rules: ProxyRules, bytes = 5_000) {
  const port = await freePort()
  const proxy = await proxyTo(`http://127.0.0.1:${port}`, rules)
  const { url } = await startDoctored({ SLUICE_PORT: String(port), SLUICE_PUBLIC_URL: proxy })
  await store(url, bytes)
  return { proxy, check: async () => checkFiles(await signedSubjectAt(url), origin) }
}

describe('a service', () => {
  const service = shareDoctored()
  const check = async (...[more]: [Parameters<typeof signedSubjectAt>[1]?]) => {
    return checkFiles(await signedSubjectAt(service().url, more), origin)
  }

  test('without a file is not asked for one', async () => {
    expect(await check()).toEqual({ state: 'skipped', finding: 'the app has no file to ask for' })
  })

  describe('with one', () => {
    let fileUrl = ''
    beforeAll(async () => {
      fileUrl = (await store(service().url, 50)).url
    })

    test('serves its ranges, be it ever so small', async () => {
      expect(await check()).toEqual({
        state: 'ok',
        finding: `ranges of ${fileUrl} are served, to pages of ${origin} too`,
      })
    })

    test('must not give it a private address when its own is public', async () => {
      expect(await check({ reach: 'everybody' })).toEqual({
        state: 'failed',
        finding: `the addresses of files begin with ${service().url}, which only its own machine reaches`,
        remedy: expect.stringMatching(/^Set SLUICE_PUBLIC_URL=/),
      })
    })
  })
})

test('a file below an address that nobody listens at cannot be fetched', async () => {
  const port = await freePort()
  const { url } = await startDoctored({ SLUICE_PUBLIC_URL: `http://127.0.0.1:${port}` })
  await store(url, 1_000)
  expect(await checkFiles(await signedSubjectAt(url), origin)).toEqual({
    state: 'failed',
    finding: `files are to be at http://127.0.0.1:${port}: no answer from 127.0.0.1:${port} (ECONNREFUSED)`,
    remedy: expect.stringContaining(`Set SLUICE_PUBLIC_URL=${url} on the service`),
  })
})

test('a file that is protected is left alone', async () => {
  const answers: ProxyRules['answers'] = (_, response) => !!response.writeHead(403).end()
  const { check } = await servedThrough({ answers })
  expect(await check()).toMatchObject({
    state: 'skipped',
    finding: expect.stringMatching(/^the app protects its files/),
  })
})

test('a certificate that clients refuse keeps them from files too', async () => {
  const { check, proxy } = await servedThrough({ tls: certificates.misnamed })
  expect(await check()).toMatchObject({
    state: 'failed',
    finding: expect.stringContaining(`${new URL(proxy).host}: the certificate is for DNS:elsewhere.example.com`),
  })
})

test('pages on https may not play files on http', async () => {
  const { url } = await startDoctored()
  await store(url, 1_000)
  const proxy = await proxyTo(url, { tls: certificates.good })
  expect(await checkFiles(await signedSubjectAt(proxy), origin)).toMatchObject({
    state: 'warning',
    finding: `the addresses of files begin with ${url}: pages on https:// may not play them`,
  })
})

describe('players miss what a proxy', () => {
  test.each<[string, ProxyRules, string, RegExp]>([
    [
      'does not pass on',
      { answers: (_, response) => !!response.writeHead(404).end() },
      'failed',
      /f0\.mp4 is answered 404$/,
    ],
    [
      'asks for without the range',
      { passes: ({ range: _, ...headers }) => headers },
      'warning',
      /^ranges of .* are ignored/,
    ],
    [
      'says wrongly of the range',
      { returns: ({ 'content-range': _, ...headers }) => headers },
      'failed',
      /^for 100 bytes of .* came 100, Content-Range missing$/,
    ],
    [
      'hides from pages',
      { returns: ({ 'access-control-expose-headers': _, ...headers }) => headers },
      'warning',
      /^the answer for a file does not expose Content-Range/,
    ],
    [
      'lets no page read',
      { returns: ({ 'access-control-allow-origin': _, ...headers }) => headers },
      'failed',
      /^the answer for a file \(206\) has no Access-Control-Allow-Origin/,
    ],
    [
      'refuses to a preflight',
      { answers: ({ method }, response) => method === 'OPTIONS' && !!response.writeHead(405).end() },
      'failed',
      /^the preflight \(OPTIONS\) is answered 405/,
    ],
  ])('%s', async (_, rules, state, finding) => {
    const { check } = await servedThrough(rules)
    expect(await check()).toEqual({
      state,
      finding: expect.stringMatching(finding),
      remedy: expect.any(String),
    })
  })
})
