import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { subjectAt } from '../../src/doctor/subject.ts'
import { checkTls } from '../../src/doctor/tls.ts'
import { makeCertificates } from './certificates.ts'
import { serveHttp } from './proxy.ts'

const { ca, ...pairs } = makeCertificates()
// As NODE_EXTRA_CA_CERTS would have it.
setDefaultCACertificates([...getCACertificates('default'), ca])

const serveTls = (pair: keyof typeof pairs, options = {}) => {
  return serveHttp((_, response) => response.end(), { ...pairs[pair], ...options })
}
const check = async (url: string) => checkTls(await subjectAt(url))

test('a certificate of a CA that is known, for this name and long enough, is good', async () => {
  const { state, finding } = await check(await serveTls('good'))
  expect(state).toBe('ok')
  expect(finding).toMatch(/^TLSv1\.3, the certificate ends in 36[45] days \(/)
})

test('one that ends in days is a warning', async () => {
  expect(await check(await serveTls('endingSoon'))).toEqual({
    state: 'warning',
    finding: expect.stringMatching(/^the certificate ends in (9|10) days/),
    remedy: expect.stringContaining('Renew it'),
  })
})

test('a server that speaks TLS 1.3 alone is a warning', async () => {
  expect(await check(await serveTls('good', { minVersion: 'TLSv1.3' }))).toMatchObject({
    state: 'warning',
    finding: 'TLS 1.2 is refused',
  })
})

describe('clients refuse', () => {
  test.each([
    ['ended', /^the certificate ended on /, /^Renew it\.$/],
    ['misnamed', /^the certificate is for DNS:elsewhere\.example\.com, not for localhost$/, /has localhost among/],
    ['selfSigned', /^the certificate is of localhost, whom this machine does not trust/, /NODE_EXTRA_CA_CERTS=ca\.crt/],
  ] as const)('one that is %s', async (pair, finding, remedy) => {
    expect(await check(await serveTls(pair))).toEqual({
      state: 'failed',
      finding: expect.stringMatching(finding),
      remedy: expect.stringMatching(remedy),
    })
  })

  test('one of a CA that is not known', async () => {
    const strangers = makeCertificates()
    const url = await serveHttp((_, response) => response.end(), strangers.good)
    expect(await check(url)).toEqual({
      state: 'failed',
      finding: expect.stringMatching(/issuer, Doctor CA \(UNABLE_TO_VERIFY_LEAF_SIGNATURE\)$/),
      remedy: expect.stringContaining('Serve the whole chain'),
    })
  })

  test('one that has begun for nobody yet, by a clock that is behind', async () => {
    const subject = await subjectAt(await serveTls('good'), () => Date.now() - 30 * 86_400_000)
    expect(await checkTls(subject)).toMatchObject({
      state: 'failed',
      finding: expect.stringMatching(/^the certificate begins on /),
    })
  })
})

test('plain HTTP is nothing to look into on a private address, and a warning on a public one', async () => {
  const subject = await subjectAt('http://127.0.0.1:8266')
  expect(await checkTls(subject)).toEqual({ state: 'skipped', finding: 'plain HTTP, to a private address' })
  expect(await checkTls({ ...subject, reach: 'everybody' })).toMatchObject({
    state: 'warning',
    remedy: expect.stringContaining('Put a proxy with TLS in front'),
  })
})
