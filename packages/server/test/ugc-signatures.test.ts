import { createHmac } from 'node:crypto'
import { encodeQuery, readTags } from '@sluice/protocol'
import { signUgc } from '@sluice/protocol/signatures'
import { newCredential, openSqlite } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { done, failed, finishedAs } from './support/answers.ts'
import { sendRaw, unixSeconds } from './support/raw-call.ts'
import {
  callUgc,
  keyPair,
  sampleFile,
  shareTestService,
  startTestService,
  type TestService,
} from './support/service.ts'
import { tablesOf, uploadRow } from './support/tables.ts'
import { wireVectors } from './support/vectors.ts'

const file = sampleFile(1_000)
const sizes = { fileSize: 1_000, dataSize: 524_288 }
const isNew = done({ dataSize: 524_288 })
const fixtureSha = '532b57da33a2d72aaf80ffcd2ee4729c71976b61'

/** Signs any text the way a UGC signature is made. */
function signText(original: string): string {
  const mac = createHmac('sha1', keyPair.secretKey).update(original).digest()
  return Buffer.concat([mac, Buffer.from(original)]).toString('base64')
}

/** Signs fields in their order; `undefined` leaves one out. */
function signFields(service: TestService, changed: Record<string, string | number | undefined>): string {
  const now = unixSeconds(service)
  const usual = { s: keyPair.secretId, t: now, e: now + 60, f: 'x', fs: file.fileSha, ft: 'mp4', r: 1, uid: '1234' }
  const given = Object.entries({ ...usual, ...changed }).filter(([, value]) => value !== undefined)
  return signText(encodeQuery(given.map(([name, value]) => [name, String(value)] as const)))
}

const init = (service: TestService, signature: string, params: Record<string, string | number> = {}) =>
  callUgc(service, 'InitUploadEx', signature, { ...sizes, ...params })

describe('signatures of real clients', () => {
  const shared = shareTestService({}, { frozen: true })

  it.each(wireVectors(/^U/))('$id, $title: $expect.verdict', async (vector) => {
    const service = shared()
    expect(vector.now).toBe(unixSeconds(service))
    const metadata = await openSqlite(service.directory)
    const { secretId, secretKey } = vector
    await metadata.putCredential({ ...newCredential(1_251_000_001, 0), secretId, secretKey })
    await metadata.close()

    const { verdict, uploadCode = 0, generalCode, requestFileSha = fixtureSha } = vector.expect
    const query = (name: string) =>
      `Action=InitUploadEx&fileSha=${requestFileSha}&fileSize=1300000&dataSize=524288&${name}=${vector.onWire}`
    const answer = await sendRaw(service, query('signature'))
    expect(await sendRaw(service, query('Signature'))).toEqual(answer)

    if (verdict === 'reject') {
      const codeDesc = generalCode === undefined ? expect.any(String) : String(generalCode)
      expect(answer).toEqual({ ...failed(uploadCode, 0), codeDesc })
      return
    }
    const { f = '', ft = 'mp4', uid, cid = 0, ...others } = vector.fields ?? {}
    if (String(f).includes('*')) {
      // The signature is good, the name in it is not.
      expect(answer).toMatchObject({ code: -10003, message: expect.stringMatching(/^f: /) })
      return
    }
    expect(answer).toEqual(isNew)
    const tags = JSON.stringify(readTags(new Map(Object.entries(others).map(([name, value]) => [name, String(value)]))))
    const said = { fileName: f, fileType: String(ft).toLowerCase(), uid, classId: Number(cid), tags }
    const [upload] = tablesOf(service).all('select * from uploads where uid = ?', String(uid))
    expect(upload).toMatchObject(said)
  })
})

const shared = shareTestService()

it.each([
  { what: 'in one line', travel: (text: string) => text },
  { what: 'with + for spaces', travel: (text: string) => text.replaceAll('+', ' ') },
  { what: 'in lines', travel: (text: string) => text.replace(/.{76}/g, '$&\r\n') },
  { what: 'with a line feed at the end', travel: (text: string) => `${text}\n` },
  { what: 'in the alphabet of URLs', travel: (text: string) => text.replaceAll('+', '-').replaceAll('/', '_') },
  { what: 'without padding', travel: (text: string) => text.replace(/=+$/, '') },
])('a signature may arrive $what', async ({ travel }) => {
  const service = shared()
  // Some random number makes a signature with every character that is at risk.
  const signatures = Array.from({ length: 500 }, (_, r) => signFields(service, { r, f: '动物 ~~' }))
  const risky = signatures.find((text) => text.includes('+') && text.includes('/') && text.endsWith('='))
  expect(await init(service, travel(risky ?? ''))).toEqual(isNew)
})

it.each([
  { what: 'no base64', signature: () => '!!!' },
  { what: 'too short', signature: () => Buffer.alloc(20).toString('base64') },
  { what: 'no fields', signature: () => signText('nothing') },
  { what: 'no s', signature: (service: TestService) => signFields(service, { s: undefined }) },
  { what: 'an unknown s', signature: (service: TestService) => signFields(service, { s: 'AKIDnobody' }) },
  { what: 'no t', signature: (service: TestService) => signFields(service, { t: undefined }) },
  { what: 'a t in words', signature: (service: TestService) => signFields(service, { t: 'now' }) },
  { what: 'no e', signature: (service: TestService) => signFields(service, { e: undefined }) },
  { what: 'no fs', signature: (service: TestService) => signFields(service, { fs: undefined }) },
  { what: 'an fs too short', signature: (service: TestService) => signFields(service, { fs: 'abc' }) },
  { what: 'a tail that was not signed', signature: (service: TestService) => `${signFields(service, { r: 12 })}AAAA` },
])('a signature is refused with $what', async ({ signature }) => {
  const service = shared()
  expect(await init(service, signature(service))).toEqual({ ...failed(-10002, 0), codeDesc: '4100' })
})

it('a wrong key, an unknown one and a changed text are refused in one way', async () => {
  const service = await startTestService()
  const usual = { ...keyPair, fileSha: file.fileSha, fileName: 'x', fileType: 'mp4', signedAtS: unixSeconds(service) }
  const changed = Buffer.from(signUgc(usual), 'base64').fill('y', 80, 81)
  const answers = [
    await init(service, signUgc({ ...usual, secretKey: 'another' })),
    await init(service, signUgc({ ...usual, secretId: 'AKIDnobody' })),
    await init(service, changed.toString('base64')),
  ]
  const mismatch = { code: -10002, message: 'signature mismatch', codeDesc: '4100', canRetry: 0 }
  expect(answers).toEqual([mismatch, mismatch, mismatch])
})

it('needs no random number, type, name or user', async () => {
  const service = await startTestService()
  const signature = signFields(service, { r: undefined, f: undefined, ft: undefined, uid: undefined })
  expect(await init(service, signature, { fileName: 'clip.MOV' })).toEqual(isNew)
  expect(uploadRow(service, file.fileSha)).toMatchObject({ fileName: 'clip.MOV', fileType: 'mov', uid: '' })
  expect(await init(service, signature, { fileName: 'clip.MOV', fileType: 'FLV' })).toEqual(isNew)
  expect(uploadRow(service, file.fileSha)).toMatchObject({ fileName: 'clip.MOV', fileType: 'flv' })
  expect(await init(service, signature)).toEqual(isNew)
  expect(uploadRow(service, file.fileSha)).toMatchObject({ fileName: file.fileSha, fileType: 'mp4' })
  expect(await init(service, signature, { fileType: 'tar.gz' })).toEqual(failed(-10003, 0))
})

describe('the time of a signature', () => {
  const sharedFrozen = shareTestService({}, { frozen: true })
  const day = 86_400

  it.each([
    { t: 0, e: 0, why: 'it ends this second' },
    { t: -100, e: 60, why: 'it is a moment old' },
    { t: day, e: 2 * day, why: 'the signer is a day ahead' },
    { t: -90 * day, e: 100, why: 'it is exactly 90 days old' },
    { t: 0, e: 1_000 * day, why: 'it claims more than 90 days, and gets 90' },
  ])('is good: $why', async ({ t, e }) => {
    const service = sharedFrozen()
    const now = unixSeconds(service)
    expect(await init(service, signFields(service, { t: now + t, e: now + e }))).toEqual(isNew)
  })

  it.each([
    { t: -100, e: -1, why: 'it ended a second ago' },
    { t: day + 1, e: 2 * day, why: 'the signer is more than a day ahead' },
    { t: -90 * day - 1, e: 100, why: 'it is older than 90 days' },
  ])('is not good: $why', async ({ t, e }) => {
    const service = sharedFrozen()
    const now = unixSeconds(service)
    const answer = await init(service, signFields(service, { t: now + t, e: now + e }))
    expect(answer).toEqual({ ...failed(-10002, 0), codeDesc: '4200' })
  })

  it('is looked at on every call', async () => {
    const service = await startTestService({}, { frozen: true })
    const signature = signFields(service, {})
    expect(await init(service, signature)).toEqual(isNew)
    service.advance(61_000)
    expect(await init(service, signature)).toEqual({ ...failed(-10002, 0), codeDesc: '4200' })
  })
})

describe('the file of a signature', () => {
  const calls = [
    { action: 'InitUploadEx', params: sizes, answer: isNew },
    {
      action: 'UploadPartEx',
      params: { offset: 0, dataSize: 1_000, dataMd5: file.md5(0, 1_000) },
      body: file.bytes,
      answer: done(),
    },
    { action: 'FinishUploadEx', params: {}, answer: done(finishedAs('ugc')) },
  ]

  it.each([
    { what: 'left out', fileSha: {} },
    { what: 'empty', fileSha: { fileSha: '' } },
    { what: 'the same', fileSha: { fileSha: file.fileSha } },
    { what: 'in upper case', fileSha: { fileSha: file.fileSha.toUpperCase() } },
  ])('may be $what in the query of every call', async ({ fileSha }) => {
    const service = await startTestService()
    const signature = signFields(service, { fs: file.fileSha.toUpperCase() })
    for (const { action, params, body, answer } of calls) {
      const said = { ...params, ...fileSha } as Record<string, string | number>
      expect(await callUgc(service, action, signature, said, body && { body }), action).toEqual(answer)
    }
  })

  it('may not be another in the query of any call', async () => {
    const service = await startTestService()
    const signature = signFields(service, {})
    for (const fileSha of ['f'.repeat(40), 'f']) {
      for (const { action, params, body } of calls) {
        const answer = await callUgc(service, action, signature, { ...params, fileSha }, body && { body })
        expect(answer, action).toEqual({ ...failed(-10002, 0), codeDesc: '4100' })
      }
    }
    expect(tablesOf(service).all('select * from uploads')).toEqual([])
  })
})

it('what is not signed steers nothing', async () => {
  const service = await startTestService()
  const unsigned = { fileName: 'other', fileType: 'flv', classId: 7, uid: 'other', 'tag.1': 'other', isTranscode: 1 }
  expect(await init(service, signFields(service, { 'tag.1': 'mine' }), unsigned)).toEqual(isNew)
  const said = { fileName: 'x', fileType: 'mp4', classId: 0, uid: '1234', tags: '["mine"]', transcode: 0 }
  expect(uploadRow(service, file.fileSha)).toMatchObject(said)
})

it('a parameter that comes twice is refused before the signature is looked at', async () => {
  const service = await startTestService()
  const query = encodeQuery(
    Object.entries({ Action: 'InitUploadEx', signature: signFields(service, {}), fileSize: '5' }),
  )
  expect(await sendRaw(service, `${query}&fileSize=6`)).toEqual(failed(-10001, 0))
})
