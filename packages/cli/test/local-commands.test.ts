import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bin, home, sluice } from './run-sluice.ts'
import { serve, temporaryDirectory } from './serve-process.ts'

/** A service that runs, and the commands on its machine. */
async function startService() {
  const directory = temporaryDirectory()
  const env = { SLUICE_DATA_DIR: join(directory, 'data') }
  const service = await serve(env)
  const run = (...args: string[]) => sluice(args, { env: { ...env, SLUICE_URL: service.url } })
  const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout)
  const video = join(directory, 'video.mp4')
  writeFileSync(video, Buffer.alloc(700_000, 5))
  return { service, env, run, json, video }
}

test('the keys that serve prints are those of the first app, and a SIGTERM ends it with 0', async () => {
  const { service, env, video } = await startService()
  while (!service.output().includes('SLUICE_SECRET_KEY=')) await new Promise((resolve) => setTimeout(resolve, 10))
  const [, secretId = ''] = /SLUICE_SECRET_ID=(\S+)/.exec(service.output()) ?? []
  const [, secretKey = ''] = /SLUICE_SECRET_KEY=(\S+)/.exec(service.output()) ?? []
  const keys = { SLUICE_SECRET_ID: secretId, SLUICE_SECRET_KEY: secretKey, SLUICE_URL: service.url }
  expect(await sluice(['upload', video], { env: keys })).toMatchObject({ code: 0 })
  expect(await service.stop()).toMatchObject({ code: 0 })

  const again = await serve(env)
  expect(again.output()).not.toContain('SLUICE_SECRET_KEY')
})

test('apps are made, listed, disabled and enabled, and their keys rotated', async () => {
  const { run, json, video, service } = await startService()
  const made = await json('app', 'create', '1300000000')
  expect(made).toEqual({
    appId: 1_300_000_000,
    secretId: expect.stringMatching(/^AKID\w{32}$/),
    secretKey: expect.stringMatching(/^\w{40}$/),
    verifyKey: expect.stringMatching(/^[0-9a-f]{40}$/),
  })
  const upload = (keys: { secretId: string; secretKey: string }) => {
    const env = { SLUICE_SECRET_ID: keys.secretId, SLUICE_SECRET_KEY: keys.secretKey, SLUICE_URL: service.url }
    return sluice(['upload', video], { env })
  }
  expect((await upload(made)).stdout).toContain('/vod1300000000/')

  const next = await json('app', 'rotate-key', '1300000000', '--grace', '0s')
  expect(next.secretId).not.toBe(made.secretId)
  expect((await run('app', 'list')).stdout).toMatch(new RegExp(`^1300000000  enabled  .*  ${next.secretId}$`, 'm'))
  expect(await upload(next)).toMatchObject({ code: 0 })

  expect(await run('app', 'disable', '1300000000')).toMatchObject({ code: 0 })
  expect((await run('app', 'list')).stdout).toMatch(/^1300000000 {2}disabled/m)
  expect(await run('app', 'enable', '1300000000')).toMatchObject({ code: 0 })

  const url = 'https://backend.example.com/events'
  const set = ['app', 'set', '1300000000', 'eventMode=callback', `callbackUrl=${url}`]
  expect(await json(...set)).toEqual({ appId: 1_300_000_000, eventMode: 'callback', callbackUrl: url })
  expect(await json('app', 'set', '1300000000', 'eventMode=')).toEqual({ appId: 1_300_000_000, callbackUrl: url })
  for (const [wrong, why] of [
    ['eventMode=push', 'eventMode: expected one of reliable, callback, off, found "push"'],
    ['eventmode=off', 'eventmode: expected one of eventMode, eventTypes, callbackUrl'],
  ] as const) {
    expect(await run('app', 'set', '1300000000', 'callbackUrl=', wrong)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(why),
    })
  }
  expect(await json('app', 'set', '1300000000', 'callbackUrl=')).toEqual({ appId: 1_300_000_000 })
  expect(await run('app', 'set', '1300000000', 'off')).toMatchObject({ code: 2 })

  expect(await run('app', 'create', '1300000000')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('exists already'),
  })
  expect(await run('app', 'disable', '5')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no app 5'),
  })
  expect(await run('app', 'destroy')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected create, list'),
  })
})

test('files and events are listed, and one file shown', async () => {
  const { run, json, video } = await startService()
  const { fileId } = await json('upload', video)
  expect((await run('files', 'list')).stdout).toMatch(new RegExp(`^${fileId}  1250000001  700000  mp4 .* video$`, 'm'))
  expect(await json('files', 'info', fileId)).toMatchObject({
    fileSize: 700_000,
    path: `/vod1250000001/${fileId}/f0.mp4`,
  })
  expect(await json('events', 'list')).toMatchObject({ fileId, eventType: 'NewFileUpload' })
  expect(await run('files', 'info', '1')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no file 1'),
  })
})

test('events are listed, shown, pulled and replayed', async () => {
  const { run, json, video } = await startService()
  const { fileId } = await json('upload', video)
  const { eventId } = await json('events', 'list')
  const row = new RegExp(`^${eventId} +1250000001  NewFileUpload  ${fileId}  queued  20`, 'm')
  expect((await run('events', 'list', '--state', 'queued')).stdout).toMatch(row)
  expect((await run('events', 'list', '--state', 'dead')).stdout.trim().split('\n')).toHaveLength(1)

  const pulled = JSON.parse((await run('events', 'pull', '--confirm')).stdout)
  expect(pulled).toMatchObject({ msgHandle: expect.any(String), eventContent: { data: { fileId } } })
  expect(await json('events', 'show', String(eventId))).toMatchObject({
    eventId,
    state: 'delivered',
    pulls: 1,
    attempts: [],
  })

  expect(await run('events', 'replay', String(eventId))).toMatchObject({ code: 0, stdout: '1 replayed\n' })
  expect(await run('events', 'replay', String(eventId))).toMatchObject({ code: 1, stdout: '0 replayed\n' })
  expect(await run('events', 'replay', '--dead')).toMatchObject({ code: 0, stdout: '0 replayed\n' })
  expect((await run('events', 'show', String(eventId))).stdout).toMatch(/^state +queued\n(.*\n)*pulls +1\n/m)
  expect(await run('events', 'show', '99')).toMatchObject({ code: 1, stderr: expect.stringContaining('no event 99') })
  for (const wrong of [['replay'], ['replay', '--dead', '1'], ['show'], ['list', '--state', 'lost'], ['drop']]) {
    expect(await run('events', ...wrong), wrong.join(' ')).toMatchObject({ code: 2 })
  }
})

test('tail prints events as they come, and takes them off the queue', async () => {
  const { json, video, env, service } = await startService()
  const { fileId } = await json('upload', video)
  let printed = ''
  const tail = spawn(process.execPath, [bin, 'events', 'tail', '--url', service.url], {
    env: { ...home, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void tail.kill('SIGKILL'))
  tail.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text
  })
  await expect.poll(() => printed, { timeout: 10_000 }).toContain('\n')
  expect(JSON.parse(printed)).toMatchObject({ eventType: 'NewFileUpload', data: { fileId } })
  await expect.poll(async () => (await json('events', 'list')).state, { timeout: 10_000 }).toBe('delivered')
  tail.kill('SIGTERM')
  expect((await once(tail, 'exit'))[0]).toBe(0)
})

test('without a service here, commands say where they looked', async () => {
  const env = { SLUICE_DATA_DIR: join(temporaryDirectory(), 'none') }
  const { code, stderr } = await sluice(['files', 'list'], { env })
  expect(code).toBe(1)
  expect(stderr).toContain(`there is no service's data in ${env.SLUICE_DATA_DIR}`)
})

test('serve names a setting that is wrong, and one that is none', async () => {
  const wrong = await sluice(['serve'], { env: { SLUICE_PORT: 'http' } })
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('SLUICE_PORT: expected a whole number') })
  const env = { SLUICE_PORT: 'x', SLUICE_PROT: '1' }
  expect((await sluice(['serve'], { env })).stderr).toContain('SLUICE_PROT is no setting')
})

test('a second service on the same data is refused', async () => {
  const { env } = await startService()
  const second = await sluice(['serve'], { env: { ...env, SLUICE_PORT: '0' } })
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('in use by another sluice serve') })
})
