import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { signUgc } from '@sluice/protocol/signatures'
import { openSqlite } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { failed } from './support/answers.ts'
import { queryOf, sendRaw, unixSeconds } from './support/raw-call.ts'
import {
  callUgc,
  initParams,
  keyPair,
  sampleFile,
  shareTestService,
  startTestService,
  type TestService,
} from './support/service.ts'
import { uploadId } from './support/tables.ts'
import { serverUploader } from './support/uploaders.ts'

const file = sampleFile(1_000)
const wrongKey = { ...keyPair, secretKey: 'another' }
const part = { fileSha: file.fileSha, offset: 0, dataSize: 1_000, dataMd5: file.md5(0, 1_000) }
const cover = { ...initParams(file), dataSize: 1_000, 'extra.usage': 1, 'extra.fileId': 404 }

/** A call of the server family that is wrong in two ways, and what the earlier one is. */
interface Case {
  readonly earlier: string
  readonly later: string
  readonly query: (service: TestService) => string
  readonly method?: string
  readonly body?: Buffer
  readonly answer: object
}

const cases: Case[] = [
  {
    earlier: 'the method',
    later: 'the action',
    method: 'PUT',
    query: (service) => queryOf(service, 'NoAction'),
    answer: { code: -10001, message: expect.stringMatching(/^method/) },
  },
  {
    earlier: 'the action',
    later: 'a duplicate',
    query: (service) => `${queryOf(service, 'NoAction')}&Nonce=8`,
    answer: { code: -10001, message: expect.stringMatching(/^Action/) },
  },
  {
    earlier: 'a GET of a part',
    later: 'a duplicate',
    method: 'GET',
    query: (service) => `${queryOf(service, 'UploadPart')}&Nonce=8`,
    answer: { code: -10001, message: expect.stringMatching(/^method/) },
  },
  {
    earlier: 'a duplicate',
    later: 'a missing common parameter',
    query: (service) => `${queryOf(service, 'InitUpload', { SecretId: undefined })}&Nonce=8`,
    answer: { code: -10001, message: expect.stringMatching(/^Nonce/) },
  },
  {
    earlier: 'a missing common parameter',
    later: 'an unknown key',
    query: (service) => queryOf(service, 'InitUpload', { SecretId: 'AKIDnobody', Nonce: undefined }),
    answer: { code: -10001, message: expect.stringMatching(/^Nonce/) },
  },
  {
    earlier: 'an old Timestamp',
    later: 'an unknown key',
    query: (service) =>
      queryOf(service, 'InitUpload', { SecretId: 'AKIDnobody', Timestamp: unixSeconds(service) - 9_000 }),
    answer: { code: -10001, codeDesc: '4500' },
  },
  {
    earlier: 'the signature',
    later: 'parameters',
    query: (service) => queryOf(service, 'InitUpload', { ...initParams(file), fileSize: 0 }, { keys: wrongKey }),
    answer: { code: -10002, codeDesc: '4100' },
  },
  {
    earlier: 'parameters of a part',
    later: 'no upload',
    query: (service) => queryOf(service, 'UploadPart', { ...part, dataMd5: 'short' }),
    answer: { code: -10003, message: expect.stringMatching(/^dataMd5/) },
  },
  {
    earlier: 'parameters of Finish',
    later: 'no upload',
    query: (service) => queryOf(service, 'FinishUpload', { fileSha: 'short' }),
    answer: { code: -10003, message: expect.stringMatching(/^fileSha/) },
  },
  {
    earlier: 'no upload',
    later: 'the body',
    query: (service) => queryOf(service, 'UploadPart', part),
    body: Buffer.from('x'),
    answer: { code: -10005, canRetry: 0 },
  },
  {
    earlier: 'no video of a cover',
    later: 'the body',
    query: (service) => queryOf(service, 'SmallFileUpload', cover),
    body: Buffer.alloc(1_000),
    answer: { code: -10003, message: expect.stringMatching(/^extra\.fileId/) },
  },
]

describe('of the server family', () => {
  const service = shareTestService()

  it.each(cases)('$earlier is found wrong before $later', async ({ query, method = 'POST', body, answer }) => {
    expect(await sendRaw(service(), query(service()), { method, ...(body && { body }) })).toMatchObject(answer)
  })
})

it('the place of a part is found wrong before its body, and its body before the store', async () => {
  const service = await startTestService()
  await serverUploader(service).init(file)
  await mkdir(join(service.directory, 'uploads', uploadId(service, file.fileSha)))
  const body = Buffer.alloc(1_000)
  const offCut = queryOf(service, 'UploadPart', { ...part, offset: 1 })
  expect(await sendRaw(service, offCut, { body })).toEqual(failed(-10003, 0))
  expect(await sendRaw(service, queryOf(service, 'UploadPart', part), { body })).toEqual(failed(-10006, 1))
  expect(await sendRaw(service, queryOf(service, 'UploadPart', part), { body: file.bytes })).toEqual(failed(-10004, 1))
})

describe('of the UGC family', () => {
  const sizes = { fileSize: 0, dataSize: 524_288 }
  const foreign = { ...sizes, fileSha: 'f'.repeat(40) }
  const signed = (service: TestService, changed: Partial<Parameters<typeof signUgc>[0]> = {}) =>
    signUgc({
      ...keyPair,
      fileSha: file.fileSha,
      fileName: 'x',
      fileType: 'mp4',
      signedAtS: unixSeconds(service),
      ...changed,
    })

  it('the signature is found wrong before its time, its time before its file, its file before parameters', async () => {
    const service = await startTestService()
    const expired = { signedAtS: unixSeconds(service) - 100, validS: 50 }
    const init = (signature: string) => callUgc(service, 'InitUploadEx', signature, foreign)
    expect(await init(signed(service, { ...expired, secretKey: 'another' }))).toMatchObject({ codeDesc: '4100' })
    expect(await init(signed(service, expired))).toMatchObject({ code: -10002, codeDesc: '4200' })
    expect(await init(signed(service))).toMatchObject({ code: -10002, codeDesc: '4100' })
    expect(await callUgc(service, 'InitUploadEx', signed(service), sizes)).toEqual(failed(-10003, 0))
  })

  it('a missing signature is found before parameters', async () => {
    const service = await startTestService()
    expect(await callUgc(service, 'InitUploadEx', '', sizes)).toEqual(failed(-10001, 0))
  })

  it('a disabled app is told so before its parameters', async () => {
    const service = await startTestService()
    const metadata = await openSqlite(service.directory)
    await metadata.setAppDisabled(1_251_000_001, service.now())
    await metadata.close()
    const badName = signed(service, { fileName: 'a/b' })
    expect(await callUgc(service, 'InitUploadEx', badName, sizes)).toEqual(failed(-4300, 0))
    expect(await sendRaw(service, queryOf(service, 'InitUpload', { fileSize: 0 }))).toEqual(failed(-4300, 0))
  })
})
