import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { signHotlink } from '@sluice/protocol/signatures'
import { describe, expect, test } from 'vitest'
import { sluice } from './run-sluice.ts'
import { serve, temporaryDirectory } from './serve-process.ts'

const key = '24FEQmTzro4V5u3D5epW'
const address = 'https://video.example.com/dir1/dir2/f0.mp4'

test('an address that is signed on the machine of the service plays, and the bare one does not', async () => {
  const directory = temporaryDirectory()
  const env = { SLUICE_DATA_DIR: join(directory, 'data'), SLUICE_HOTLINK_KEY: '' }
  const service = await serve(env)
  const run = (...args: string[]) => sluice(args, { env: { ...env, SLUICE_URL: service.url } })
  const video = join(directory, 'video.mp4')
  writeFileSync(video, Buffer.alloc(700_000, 5))
  const { url } = JSON.parse((await run('upload', video, '--json')).stdout)

  expect(await run('sign-url', url)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no hotlinkKey of app 1250000001 is known'),
  })
  expect(await run('app', 'set', '1250000001', `hotlinkKey=${key}`)).toMatchObject({ code: 0 })
  expect((await fetch(url)).status).toBe(403)
  const { code, stdout } = await run('sign-url', url, '--rlimit', '3')
  expect(code).toBe(0)
  const response = await fetch(stdout.trim())
  expect(response.status).toBe(200)
  expect((await response.arrayBuffer()).byteLength).toBe(700_000)
  expect((await run('app', 'list', '--json')).stdout).not.toContain(key)
})

test('the terms stand in their order, with the time it is good for', async () => {
  const before = Math.floor(Date.now() / 1000)
  const args = ['sign-url', address, '--rlimit', '3', '--exper', '300', '--expires', '2h', '--key', key]
  const { code, stdout } = await sluice(args)
  expect(code).toBe(0)
  const pattern = /^(.*)\?t=([0-9a-f]{8})&exper=300&rlimit=3&us=([0-9a-f]{10})&sign=([0-9a-f]{32})\n$/
  const [, bare, t = '', us = '', sign] = pattern.exec(stdout) ?? []
  expect(bare).toBe(address)
  expect(Number.parseInt(t, 16) - before - 7_200).toBeLessThan(60)
  expect(Number.parseInt(t, 16)).toBeGreaterThanOrEqual(before + 7_200)
  expect(sign).toBe(signHotlink({ key, dir: '/dir1/dir2/', t, exper: '300', rlimit: '3', us }))

  const byEnvironment = await sluice(['sign-url', address], { env: { SLUICE_HOTLINK_KEY: key } })
  expect(byEnvironment.stdout).toMatch(/\?t=[0-9a-f]{8}&us=[0-9a-f]{10}&sign=[0-9a-f]{32}\n$/)
})

describe('misuse ends with 2 and a sentence that names it', () => {
  test.each([
    [[], 'URL is missing'],
    [['video.example.com/f0.mp4'], 'URL must be'],
    [['ftp://video.example.com/f0.mp4'], 'URL must be'],
    [[`${address}?t=1`], 'without a query'],
    [[address, address], 'unexpected argument'],
    [[address], 'URL names no app: give --key'],
    [[address, '--key', key, '--expires', '0s'], '--expires must be'],
    [[address, '--key', key, '--exper', 'all'], '--exper must be'],
    [[address, '--key', key, '--rlimit', '0'], '--rlimit must be'],
  ])('%j', async (args, why) => {
    const { code, stderr } = await sluice(['sign-url', ...args])
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(why) })
  })
})
