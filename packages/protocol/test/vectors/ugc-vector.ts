import { cleanBase64, limits, percentDecode, utf8, utf8Bytes } from '@sluice/protocol'
import { hmac, parseUgc, signUgc, type UgcSignature, type UgcVerdict, verifyUgc } from '@sluice/protocol/signatures'
import { expect, test } from 'vitest'
import { codesOf } from '../thrown.ts'
import type { UgcVector } from './vector-file.ts'

/** The vectors whose fields stand in the order in which Sluice itself signs. */
const signedInOurOrder = ['U01', 'U10', 'U90', 'U91', 'U92', 'U94']
/** One byte of its text was flipped after signing. */
const altered = 'U92'

/** The tests of one vector of the UGC family. */
export function ugcVector(vector: UgcVector): void {
  const { id, title, secretKey, now } = vector

  test(`${id}: signing its text gives its signature (${title})`, () => {
    const original = utf8Bytes(vector.original)
    const mac = hmac('HmacSHA1', secretKey, original)
    expect(mac.toString('hex')).toBe(vector.hmacSha1Hex)
    const signature = Buffer.concat([mac, Buffer.from(original, 'latin1')]).toString('base64')
    if (id === altered) expect(cleanBase64(vector.signature)).not.toBe(cleanBase64(signature))
    else expect(cleanBase64(vector.signature)).toBe(cleanBase64(signature))
    if (signedInOurOrder.includes(id)) expect(signUgc(grantOf(vector))).toBe(signature)
  })

  test(`${id}: it reads the same from the wire as decoded`, () => {
    expect(percentDecode(vector.onWire, true)).toBe(vector.signature)
    if (vector.fields === null) return
    for (const text of [vector.signature, vector.onWire].map((wire) => percentDecode(wire, true))) {
      const parsed = parseUgc(text)
      expect(utf8(parsed.original)).toBe(vector.original)
      expect(parsed.mac.toString('hex')).toBe(vector.hmacSha1Hex)
      expect(Object.fromEntries(parsed.fields)).toEqual(
        Object.fromEntries(Object.entries(vector.fields).map(([name, value]) => [name, String(value)])),
      )
    }
  })

  test(`${id}: it gets the verdict of the vector`, () => {
    const check = (nowS: number) => verify(vector, nowS)
    const { verdict, uploadCode, generalCode, canRetry, effectiveT, effectiveE, because } = vector.expect
    if (verdict === 'reject') {
      const { codeDesc, ...codes } = codesOf(() => check(now))
      expect(codes).toEqual({ errorName: 'signature', code: uploadCode, canRetry })
      if (generalCode !== undefined) expect(codeDesc).toBe(String(generalCode))
    } else {
      const { fileSha, signedAtS, validUntilS } = check(now)
      expect(fileSha).toBe(String(vector.fields?.['fs']).toLowerCase())
      if (effectiveT !== undefined) expect(signedAtS).toBe(effectiveT)
      if (effectiveE !== undefined) expect(validUntilS).toBe(effectiveE)
    }
    if (because !== undefined) reasons[because]?.(check, vector)
  })

  if (vector.expect.requestFileSha !== undefined) {
    test(`${id}: it is good for the file it names, in any case, and for a request that names none`, () => {
      const signature = parseUgc(vector.signature)
      const fs = String(vector.fields?.['fs'])
      for (const fileSha of [undefined, fs, fs.toUpperCase()]) {
        expect(verifyUgc(signature, secretKey, { nowS: now, fileSha }).fileSha).toBe(fs)
      }
    })
  }
}

type Check = (nowS: number) => UgcVerdict

/** What the vectors' `because` clauses claim. `vectors.test.ts` refuses a clause that is not here. */
export const reasons: Readonly<Record<string, (check: Check, vector: UgcVector) => void>> = {
  'validity clamped to 90 days': (check, { now }) => {
    const { signedAtS, validUntilS } = check(now)
    expect(validUntilS).toBe(signedAtS + limits.ugcMaxValidityS)
    expect(check(validUntilS).validUntilS).toBe(validUntilS)
    expect(codesOf(() => check(validUntilS + 1)).codeDesc).toBe('4200')
  },
  'clock skew allowance 0': (check, { now }) => {
    expect(check(now - 1).validUntilS).toBe(now - 1)
  },
}

function verify(vector: UgcVector, nowS: number): UgcVerdict {
  const signature: UgcSignature = parseUgc(vector.signature)
  return verifyUgc(signature, vector.secretKey, { nowS, fileSha: vector.expect.requestFileSha })
}

function grantOf({ original, secretId, secretKey }: UgcVector): Parameters<typeof signUgc>[0] {
  const fields = new URLSearchParams(original)
  const text = (name: string) => fields.get(name) ?? ''
  return {
    secretId,
    secretKey,
    fileSha: text('fs'),
    fileName: text('f'),
    fileType: text('ft'),
    uid: text('uid'),
    signedAtS: Number(text('t')),
    validS: Number(text('e')) - Number(text('t')),
    nonce: Number(text('r')),
  }
}
