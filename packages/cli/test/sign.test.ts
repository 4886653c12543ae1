import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseUgc, verifyUgc } from '@sluice/protocol/signatures'
import { afterAll, expect, test } from 'vitest'
import { fixture } from '../../client/test/fixtures.ts'
import { hex, secretId, secretKey } from '../../client/test/memory-service.ts'
import { secrets, sluice } from './run-sluice.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluice-sign-'))
afterAll(() => rmSync(dir, { recursive: true }))

const fileSha = hex('sha1', fixture(1000))
const sign = (...args: string[]) => sluice(['sign', ...args], { env: secrets })

test('signs for a file, valid for a day', async () => {
  const path = join(dir, 'My Video.MP4')
  writeFileSync(path, fixture(1000))
  const { code, stdout, stderr } = await sign('--file', path)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const signature = parseUgc(stdout.trimEnd())
  const nowS = Math.floor(Date.now() / 1000)
  const { signedAtS, validUntilS } = verifyUgc(signature, secretKey, { nowS, fileSha })
  expect(validUntilS - signedAtS).toBe(86_400)
  expect(Object.fromEntries(signature.fields)).toMatchObject({ s: secretId, f: 'My Video', ft: 'mp4', uid: '' })
})

test('signs for a file that is elsewhere, with all that can be said of it', async () => {
  const about = ['--sha', fileSha.toUpperCase(), '--name', '名 1', '--type', 'MOV', '--uid', 'u7', '--valid', '2h']
  const { code, stdout } = await sign(...about, '--tag', 'a&b', '--tag', 'c', '--class', '4', '--transcode', '--json')
  expect(code).toBe(0)
  const made = JSON.parse(stdout)
  expect(made).toEqual({ signature: expect.any(String), fileSha, expiresAt: expect.stringMatching(/^\d{4}-.*Z$/) })
  const { fields } = parseUgc(made.signature)
  expect(Object.fromEntries(fields)).toMatchObject({
    f: '名 1',
    fs: fileSha,
    ft: 'mov',
    uid: 'u7',
    cid: '4',
    tc: '1',
    'tag.1': 'a&b',
    'tag.2': 'c',
  })
  expect(Number(fields.get('e')) - Number(fields.get('t'))).toBe(7_200)
  expect(Date.parse(made.expiresAt)).toBe(Number(fields.get('e')) * 1000)
})

test('--name and --type win over what the file is called', async () => {
  const path = join(dir, 'plain')
  writeFileSync(path, fixture(1000))
  const { stdout } = await sign('--file', path, '--name', 'other', '--type', 'mp4')
  const { fields } = parseUgc(stdout.trimEnd())
  expect([fields.get('f'), fields.get('ft')]).toEqual(['other', 'mp4'])
})

test('a file that is not there is told', async () => {
  const { code, stderr } = await sign('--file', join(dir, 'none.mp4'))
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `sluice sign: ${dir}/none.mp4 cannot be opened: there is no such file\n`,
  })
})
