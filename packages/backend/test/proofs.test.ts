import { createHmac } from 'node:crypto'
import { type BackendError, createBackend, eventKey, verifyCallback, verifyContent } from '@sluice/backend'
import { fileDeleted, newFileUpload, pullComplete } from '@sluice/protocol'
import { makeVerifyContent, parseUgc, verifyUgc } from '@sluice/protocol/signatures'
import { describe, expect, it } from 'vitest'
import { signCallback } from '../../server/src/events/callback-signature.ts'
import { keys } from './scripted-service.ts'

const nowS = 1_490_000_000
const fileSha = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3'
const event = newFileUpload({
  ...{
    fileId: '9031868222900000001',
    fileName: '我的 video',
    fileUrl: 'http://a/b',
    fileSize: 5,
    family: 'ugc' as const,
  },
})
const body = JSON.stringify(event)

describe('verifyCallback', () => {
  const header = signCallback(['new'], body, nowS)
  const verify = (change: Partial<Parameters<typeof verifyCallback>[0]>) =>
    verifyCallback({ body, header, secrets: ['new'], nowS, ...change })
  const refusal = (change: Partial<Parameters<typeof verifyCallback>[0]>) => {
    try {
      verify(change)
    } catch (error) {
      return (error as BackendError).code
    }
    throw new Error('it was expected to be refused')
  }

  it('reads the event of a callback the service signed, from text and from bytes', () => {
    expect(verify({})).toEqual(event)
    expect(verify({ body: Buffer.from(body) })).toEqual(event)
    expect(verify({ body: new Uint8Array(Buffer.from(body)) })).toEqual(event)
  })

  it('is the HMAC-SHA256, in hex, of the time, a dot and the body', () => {
    const proof = createHmac('sha256', 'new').update(`${nowS}.${body}`).digest('hex')
    expect(verify({ header: `t=${nowS},v1=${proof}` })).toEqual(event)
  })

  it('takes either secret while they are rotated, on either side', () => {
    const both = signCallback(['new', 'old'], body, nowS)
    for (const secrets of [['new'], ['old'], ['old', 'new']]) expect(verify({ header: both, secrets })).toEqual(event)
    for (const made of ['new', 'old']) {
      expect(verify({ header: signCallback([made], body, nowS), secrets: ['new', 'old'] })).toEqual(event)
    }
  })

  it('refuses another secret, another body, another time, and what is too old or ahead', () => {
    expect(refusal({ secrets: ['other'] })).toBe('callback')
    expect(refusal({ secrets: [] })).toBe('callback')
    expect(refusal({ body: body.replace('my', 'our').replace('9031', '9032') })).toBe('callback')
    expect(refusal({ body: `${body} ` })).toBe('callback')
    expect(refusal({ header: header.replace(String(nowS), String(nowS + 1)) })).toBe('callback')
    expect(refusal({ nowS: nowS + 301 })).toBe('callback')
    expect(refusal({ nowS: nowS - 301 })).toBe('callback')
    expect(verify({ nowS: nowS + 300 })).toEqual(event)
    expect(verify({ nowS: nowS + 5_000, toleranceS: 5_000 })).toEqual(event)
  })

  it.each([undefined, '', 't=1', header.slice(2), `t=,${header}`, `${header}0`, 't=1,v1=zz', ['a', 'b']])(
    'refuses a header that is none: %s',
    (wrong) => {
      expect(refusal({ header: wrong })).toBe('callback')
    },
  )

  it('refuses what is no event although it is signed', () => {
    for (const wrong of ['', 'null', '[]', '{"data":{}}']) {
      expect(refusal({ body: wrong, header: signCallback(['new'], wrong, nowS) })).toBe('callback')
    }
  })

  it('does not take an empty secret, by which anybody could prove anything', () => {
    expect(refusal({ header: signCallback([''], body, nowS), secrets: [''] })).toBe('argument')
  })
})

describe('verifyContent', () => {
  const made = { verifyContent: makeVerifyContent('key', '7', nowS), verifyKey: 'key', fileId: '7', nowS }

  it('takes what the service made, for an hour', () => {
    expect(verifyContent(made)).toBe(true)
    expect(verifyContent({ ...made, nowS: nowS + 3_600 })).toBe(true)
    expect(verifyContent({ ...made, nowS: nowS + 3_601 })).toBe(false)
    const { nowS: _, ...old } = made
    expect(verifyContent(old), 'by the clock of today').toBe(false)
  })

  it('refuses another key, another file and anything else', () => {
    expect(verifyContent({ ...made, verifyKey: 'other' })).toBe(false)
    expect(verifyContent({ ...made, fileId: '8' })).toBe(false)
    for (const wrong of ['', 'abc', '中文', made.verifyContent.slice(4)]) {
      expect(verifyContent({ ...made, verifyContent: wrong })).toBe(false)
    }
  })
})

describe('signUpload', () => {
  const backend = createBackend({ url: 'http://example.com', ...keys, clock: () => nowS * 1000 })
  const file = { fileSha, fileName: '我的 video', fileType: 'mp4' }

  it('makes a signature that grants this file', () => {
    const signature = parseUgc(
      backend.signUpload({ ...file, uid: 'u1', classId: 3, tags: ['a', 'b'], transcode: true, validS: 600 }),
    )
    const verdict = verifyUgc(signature, keys.secretKey, { nowS, fileSha })
    expect(verdict).toEqual({ fileSha, signedAtS: nowS, validUntilS: nowS + 600, coverOf: undefined })
    expect(Object.fromEntries(signature.fields)).toMatchObject({
      ...{ s: keys.secretId, f: '我的 video', ft: 'mp4', uid: 'u1', cid: '3', 'tag.1': 'a', 'tag.2': 'b', tc: '1' },
    })
  })

  it('makes one for the cover of a video', () => {
    const signature = parseUgc(backend.signUpload({ ...file, coverOf: '9031868222900000001' }))
    expect(verifyUgc(signature, keys.secretKey, { nowS, fileSha }).coverOf).toBe('9031868222900000001')
  })

  it('makes another one each time', () => {
    expect(backend.signUpload(file)).not.toBe(backend.signUpload(file))
  })

  it.each([
    ['fileSha', { fileSha: 'abc' }],
    ['fileSha', { fileSha: `${fileSha}&fs=` }],
    ['fileType', { fileType: '../x' }],
    ['fileType', { fileType: '' }],
    ['fileName', { fileName: 'a/b' }],
    ['coverOf', { coverOf: '' }],
    ['coverOf', { coverOf: '7&fs=' }],
    ['validS', { validS: 0 }],
    ['validS', { validS: 1.5 }],
  ])('names what the service would refuse: %s', (name, wrong) => {
    expect(() => backend.signUpload({ ...file, ...wrong })).toThrow(
      expect.objectContaining({ code: 'argument', message: expect.stringContaining(name) }),
    )
  })
})

it('an event has the same key however it comes, and no other event has it', () => {
  expect(eventKey(verifyCallback({ body, header: signCallback(['s'], body, nowS), secrets: ['s'], nowS }))).toBe(
    'NewFileUpload:9031868222900000001',
  )
  expect(eventKey(fileDeleted('9031868222900000001'))).toBe('FileDeleted:9031868222900000001')
  const pulls = ['Pull-1', 'Pull-2'].map((taskId) => pullComplete({ taskId, status: 1, message: 'not found' }))
  expect(pulls.map(eventKey)).toEqual(['PullComplete:Pull-1', 'PullComplete:Pull-2'])
})
