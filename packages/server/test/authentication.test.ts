import { createHmac } from 'node:crypto'
import { type Credential, newCredential, openSqlite } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { done, failed } from './support/answers.ts'
import { queryOf, sendRaw, unixSeconds } from './support/raw-call.ts'
import {
  initParams,
  keyPair,
  sampleFile,
  shareTestService,
  startTestService,
  type TestService,
} from './support/service.ts'
import { tablesOf } from './support/tables.ts'
import { serverUploader, ugcUploader } from './support/uploaders.ts'
import { wireVectors } from './support/vectors.ts'

const file = sampleFile(1_000)
const appId = 1_251_000_001
const isNew = done({ dataSize: 524_288 })
const mismatch = { code: -10002, message: 'signature mismatch', codeDesc: '4100', canRetry: 0 }

/** Does something to the metadata of a service while it runs. */
async function withMetadata(
  { directory }: TestService,
  work: (metadata: Awaited<ReturnType<typeof openSqlite>>) => Promise<unknown>,
): Promise<void> {
  const metadata = await openSqlite(directory)
  await work(metadata)
  await metadata.close()
}

describe('common parameters', () => {
  const shared = shareTestService()

  it.each([
    { what: 'no SecretId', params: { SecretId: undefined } },
    { what: 'an empty SecretId', params: { SecretId: '' } },
    { what: 'no Timestamp', params: { Timestamp: undefined } },
    { what: 'a Timestamp in words', params: { Timestamp: 'now' } },
    { what: 'a Timestamp with a sign', params: { Timestamp: '+1490000000' } },
    { what: 'a Timestamp with a fraction', params: { Timestamp: '1490000000.5' } },
    { what: 'no Nonce', params: { Nonce: undefined } },
    { what: 'a Nonce in words', params: { Nonce: 'once' } },
    { what: 'a negative Nonce', params: { Nonce: '-7' } },
  ])('are refused with $what, though signed', async ({ params }) => {
    const service = shared()
    const query = queryOf(service, 'InitUpload', { ...initParams(file), ...params })
    expect(await sendRaw(service, query)).toEqual({ ...failed(-10001, 0), codeDesc: '4000' })
  })

  it('are refused without a Signature, or an empty one', async () => {
    const service = shared()
    const query = queryOf(service, 'InitUpload', initParams(file))
    for (const unsigned of [query.replace(/&Signature=.*/, ''), query.replace(/Signature=.*/, 'Signature=')]) {
      expect(await sendRaw(service, unsigned)).toEqual(failed(-10001, 0))
    }
  })

  it('are refused when one comes twice', async () => {
    const service = shared()
    const query = queryOf(service, 'InitUpload', initParams(file))
    for (const name of ['Action', 'SecretId', 'Timestamp', 'Nonce', 'Signature']) {
      const pair = new RegExp(`${name}=[^&]*`).exec(query)?.[0]
      expect(await sendRaw(service, `${query}&${pair}`), name).toEqual(failed(-10001, 0))
    }
  })

  it.each(['', 'initUpload', 'INITUPLOAD', 'InitUpload ', 'ApplyUpload', 'toString', '__proto__'])(
    'are refused with the Action "%s"',
    async (action) => {
      const service = shared()
      const query = queryOf(service, action, initParams(file))
      expect(await sendRaw(service, query)).toEqual(failed(-10001, 0))
    },
  )

  it('are refused without an Action', async () => {
    const service = shared()
    expect(await sendRaw(service, queryOf(service, '', { Action: undefined }))).toEqual(failed(-10001, 0))
    expect(await sendRaw(service, '')).toEqual(failed(-10001, 0))
  })

  it('may come as a form when the query names no Action, but not beside a part', async () => {
    const service = shared()
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const init = queryOf(service, 'InitUpload', initParams(file))
    expect(await sendRaw(service, '', { headers, body: init })).toEqual(isNew)
    const part = queryOf(service, 'UploadPart', { fileSha: file.fileSha })
    expect(await sendRaw(service, '', { headers, body: part })).toEqual(failed(-10001, 0))
  })

  it('are signed as they are written: a Nonce keeps its zeros', async () => {
    const service = shared()
    const query = queryOf(service, 'InitUpload', { ...initParams(file), Nonce: '000007' })
    expect(await sendRaw(service, query)).toEqual(isNew)
    expect(await sendRaw(service, query.replace('Nonce=000007', 'Nonce=7'))).toEqual(mismatch)
  })
})

describe('the Timestamp', () => {
  const shared = shareTestService({}, { frozen: true })

  it.each([-7_200, -1, 0, 1, 7_200])('may lie %i s off', async (off) => {
    const service = shared()
    const seconds = unixSeconds(service) + off
    for (const Timestamp of [seconds, seconds * 1000, seconds * 1000 + 999]) {
      expect(await sendRaw(service, queryOf(service, 'InitUpload', { ...initParams(file), Timestamp }))).toEqual(isNew)
    }
  })

  it.each([-7_201, 7_201])('may not lie %i s off', async (off) => {
    const service = shared()
    const seconds = unixSeconds(service) + off
    for (const Timestamp of [seconds, seconds * 1000, 0, 99_999_999_999, '9999999999999999']) {
      const query = queryOf(service, 'InitUpload', { ...initParams(file), Timestamp })
      expect(await sendRaw(service, query)).toEqual({ ...failed(-10001, 0), codeDesc: '4500' })
    }
  })

  it('is compared with the clock of the moment', async () => {
    const service = await startTestService({}, { frozen: true })
    const query = queryOf(service, 'InitUpload', initParams(file))
    service.advance(7_200_999)
    expect(await sendRaw(service, query)).toEqual(isNew)
    service.advance(1)
    expect(await sendRaw(service, query)).toEqual({ ...failed(-10001, 0), codeDesc: '4500' })
  })
})

describe('the key pair', () => {
  it('is refused in one way, whether the SecretId is unknown, the key wrong or anything changed', async () => {
    const service = await startTestService()
    const init = initParams(file)
    const query = queryOf(service, 'InitUpload', init)
    for (const wrong of [
      queryOf(service, 'InitUpload', init, { keys: { ...keyPair, secretId: 'AKIDnobody' } }),
      queryOf(service, 'InitUpload', init, { keys: { ...keyPair, secretKey: 'another' } }),
      queryOf(service, 'InitUpload', init, { method: 'GET' }),
      query.replace('fileSize=1000', 'fileSize=1001'),
      query.replace(/Signature=.*/, 'Signature=AAAA'),
      query.replace(/Signature=.*/, 'Signature=!'),
      `${query}&more=1`,
    ]) {
      expect(await sendRaw(service, wrong)).toEqual(mismatch)
    }
  })

  it.each([
    { SignatureMethod: 'HmacSHA1', hash: 'sha1' },
    { SignatureMethod: 'HmacSHA256', hash: 'sha256' },
    { SignatureMethod: 'anything else', hash: 'sha1' },
  ])('may sign with $SignatureMethod, which is $hash', async ({ SignatureMethod, hash }) => {
    const service = await startTestService()
    const query = queryOf(service, 'FinishUpload', { SignatureMethod, fileSha: file.fileSha })
    const signed = query
      .replace(/&Signature=.*/, '')
      .split('&')
      .sort()
      .join('&')
      .replace('%20', ' ')
    const text = `POST${new URL(service.url).host}/v3/index.php?${signed}`
    for (const [by, code] of [
      [hash, -10005],
      ['md5', -10002],
    ] as const) {
      const signature = createHmac(by, keyPair.secretKey).update(text).digest('base64')
      const resigned = query.replace(/&Signature=.*/, `&Signature=${encodeURIComponent(signature)}`)
      expect(await sendRaw(service, resigned)).toMatchObject({ code })
    }
  })

  it('ends when it is rotated out, at the time given', async () => {
    const service = await startTestService()
    const next = newCredential(appId, service.now())
    await withMetadata(service, (metadata) => metadata.rotateCredential(next, service.now()))
    expect(await serverUploader(service).init(file)).toEqual(mismatch)
    expect(await ugcUploader(service).init(file)).toEqual(mismatch)
    expect(await serverUploader(service, next).init(file)).toEqual(isNew)
  })

  it('counts until it expires', async () => {
    const service = await startTestService({}, { frozen: true })
    const expiring = (ms: number): Credential => ({ ...newCredential(appId, 0), expiresAt: service.now() + ms })
    const [before, at] = [expiring(1), expiring(0)]
    await withMetadata(service, async (metadata) => {
      await metadata.putCredential(before)
      await metadata.putCredential(at)
    })
    expect(await serverUploader(service, before).init(file)).toEqual(isNew)
    expect(await serverUploader(service, at).init(file)).toEqual(mismatch)
  })

  it('is new at once: what was unknown a moment ago is not remembered', async () => {
    const service = await startTestService()
    const next = newCredential(appId, service.now())
    expect(await serverUploader(service, next).init(file)).toEqual(mismatch)
    await withMetadata(service, (metadata) => metadata.putCredential(next))
    expect(await serverUploader(service, next).init(file)).toEqual(isNew)
  })

  it('of a disabled app is told so, once it has proved itself', async () => {
    const service = await startTestService()
    await withMetadata(service, (metadata) => metadata.setAppDisabled(appId, service.now()))
    const blocked = { ...failed(-4300, 0), codeDesc: '4300' }
    expect(await serverUploader(service).init(file)).toEqual(blocked)
    expect(await ugcUploader(service).init(file)).toEqual(blocked)
    expect(await serverUploader(service, { ...keyPair, secretKey: 'another' }).init(file)).toEqual(mismatch)
    await withMetadata(service, (metadata) => metadata.setAppDisabled(appId, null))
    expect(await serverUploader(await service.restart()).init(file)).toEqual(isNew)
  })
})

describe('requests of real clients', () => {
  const hosts = { SLUICE_PUBLIC_HOSTS: 'upload.example.com:8443', SLUICE_PUBLIC_PATHS: '/vod/v3/index.php' }
  const shared = shareTestService(hosts, { frozen: true })

  it.each(wireVectors(/^C0[2-5789]|^C1[234]|^C9/))('$id, $title: $expect.verdict', async (vector) => {
    const service = shared()
    expect(vector.now).toBe(unixSeconds(service))
    await withMetadata(service, (metadata) =>
      metadata.putCredential({ ...newCredential(appId, 0), secretId: vector.secretId, secretKey: vector.secretKey }),
    )
    const { method, path, query, host } = vector.request
    const answer = await sendRaw(service, query, { method, path, headers: { Host: host } })
    if (vector.expect.verdict === 'reject') {
      expect(answer).toMatchObject({ code: vector.expect.uploadCode, canRetry: 0 })
    } else if (vector.params['Action'] === 'InitUpload') {
      expect(answer).toEqual(isNew)
      const [upload] = tablesOf(service).all('select fileName from uploads')
      expect(upload).toEqual({ fileName: vector.params['fileName'] })
    } else {
      // The signature is good; what comes after it is not: a part without its bytes, a cover without its video.
      expect([-10003, -10005, -10006]).toContain(answer.code)
    }
  })
})
