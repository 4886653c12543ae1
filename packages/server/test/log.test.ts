import { execFile } from 'node:child_process'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { startListener } from './support/listeners.ts'
import { keptLog, levels, startLoggedService } from './support/logged-service.ts'
import { poolIsEmpty } from './support/metrics.ts'
import { play } from './support/players.ts'
import {
  callServer,
  callUgc,
  grant,
  initParams,
  keyPair,
  sampleFile,
  sendPart,
  uploadWhole,
} from './support/service.ts'
import { tablesOf, uploadId } from './support/tables.ts'
import { openWire } from './support/wire.ts'
import { head, partCall, post, targetOf } from './support/wire-calls.ts'

const file = sampleFile(600_000)

describe('the log', () => {
  it('is lines of JSON with the time, on standard error, down to its level', async () => {
    const program = `
      import { createLog } from '@sluice/server'
      const log = createLog('info')
      log.debug('unseen')
      log.info({ fileId: '1' }, 'seen')
      log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed')`
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
    })
    expect(stdout).toBe('')
    const lines = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toEqual([
      { level: levels.info, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), fileId: '1', msg: 'seen' },
      {
        level: levels.error,
        time: expect.any(String),
        err: expect.objectContaining({
          message: 'outer: inner',
          stack: expect.stringContaining('caused by: Error: inner'),
        }),
        msg: 'failed',
      },
    ])
  })

  it('has a line for every call but the parts that went well', async () => {
    const service = await startLoggedService({ SLUICE_LOG_LEVEL: 'info' })
    await uploadWhole(service, file)
    await callServer(service, 'Report', { errCode: 0, platform: 'java', extra: 'x' })
    const calls = service.lines().filter(({ level }) => level >= levels.info)
    expect(calls).toMatchObject([
      { msg: 'call', action: 'InitUpload', appId: 1_251_000_001, code: 0, durationMs: expect.any(Number) },
      { msg: 'call', action: 'FinishUpload', appId: 1_251_000_001, code: 0 },
      { msg: 'client report', report: { errCode: '0', platform: 'java' } },
      { msg: 'call', action: 'Report', code: 0 },
    ])
    expect(new Set(calls.map(({ requestId }) => requestId)).size).toBe(4)
  })

  it('takes the faults of callers for nothing to look into', async () => {
    const service = await startLoggedService()
    const { texts } = service
    const { length } = texts
    const strangers = { secretId: 'nobody', secretKey: 'nobody' }
    await callServer(service, 'None', {})
    await callServer(service, 'InitUpload', initParams(file), { keys: strangers })
    await callServer(service, 'InitUpload', {})
    await sendPart(service, file, 0)
    await callServer(service, 'InitUpload', initParams(file))
    const wire = await openWire(service)
    await wire.send(post({ ...partCall(service, file), body: Buffer.alloc(524_288) }))
    await wire.answer()
    await wire.send(post(partCall(service, file)).subarray(0, -1))
    wire.hangUp()
    await expect.poll(() => texts.length).toBe(length + 7)
    const lines = service.lines().slice(length)
    expect(lines.map(({ level, code }) => [level, code])).toEqual(
      [-10001, -10002, -10003, -10005, 0, -10006, 'aborted'].map((code) => [levels.info, code]),
    )
    expect(lines.at(-1)?.['message']).toBe('the client hung up')
    for (const line of lines) expect(line).not.toHaveProperty('err')
  })

  it('takes a client that leaves before its turn for no fault either', async () => {
    const service = await startLoggedService({ SLUICE_RATE_LIMITS: 'documented' })
    const target = targetOf(service, 'FinishUpload', { fileSha: file.fileSha })
    const wire = await openWire(service)
    await wire.send(head('POST', target).repeat(100))
    for (let i = 0; i < 100; i++) await wire.answer()
    const before = service.lines().length
    await wire.send(`${head('POST', target, { 'Content-Length': 5 })}four`) // waits 600 ms for its turn
    wire.socket.end()
    await wire.closed()
    await expect.poll(() => service.lines().length).toBe(before + 1)
    expect(service.lines().at(-1)).toMatchObject({ level: levels.info, code: 'aborted', message: 'the client hung up' })
  })

  it('shows a failure of the store with its cause', async () => {
    const service = await startLoggedService()
    await callServer(service, 'InitUpload', initParams(file))
    const { run } = tablesOf(service)
    run(`create trigger full before insert on parts begin select raise(abort, 'disk is full'); end`)
    expect((await sendPart(service, file, 0)).code).toBe(-10004)
    run('drop trigger full')
    run('alter table parts rename to parts_away')
    expect(await sendPart(service, file, 0)).toMatchObject({ code: -10005, canRetry: 1 })
    run('alter table parts_away rename to parts')
    expect(service.lines().filter(({ level }) => level >= levels.error)).toMatchObject([
      { code: -10004, err: { stack: expect.stringContaining('disk is full') } },
      { code: -10005, err: { stack: expect.stringContaining('no such table: ') } },
    ])
    await poolIsEmpty(service)
  })
})

describe('bytes that are gone', () => {
  it('show as an error with its cause when Finish reads them back', async () => {
    const first = await startLoggedService()
    await callServer(first, 'InitUpload', initParams(file))
    for (const offset of [0, 524_288]) await sendPart(first, file, offset)
    const blob = join(first.directory, 'uploads', uploadId(first, file.fileSha))
    await first.close()
    await truncate(blob, 100)
    const service = await startLoggedService({}, { directory: first.directory })
    const finish = await callServer(service, 'FinishUpload', { fileSha: file.fileSha })
    expect(finish).toMatchObject({ code: -10004, canRetry: 1 })
    // The service's own round may have come upon the upload too.
    const lines = service.lines().filter(({ level, msg }) => level >= levels.error && msg === 'call')
    expect(lines).toMatchObject([
      { action: 'FinishUpload', err: { stack: expect.stringContaining('the blob ends at') } },
    ])
  })
})

describe('a fault of the service itself', () => {
  it('is answered -6000 with the id that its log line has', async () => {
    let broken = false
    const service = await startLoggedService(
      {},
      {
        onNow: () => {
          if (broken) throw new TypeError('the clock has stopped')
        },
      },
    )
    await callServer(service, 'InitUpload', initParams(file))
    broken = true
    const wire = await openWire(service)
    await wire.send(post(partCall(service, file)))
    const { headers, body } = await wire.response()
    broken = false
    const requestId = headers['x-request-id']
    const answer = { code: -6000, message: 'internal error', codeDesc: requestId, canRetry: 1 }
    expect(JSON.parse(String(body))).toEqual(answer)
    expect(service.lines().filter(({ level }) => level >= levels.error)).toMatchObject([
      {
        msg: 'call',
        requestId,
        action: 'UploadPart',
        code: -6000,
        err: { type: 'TypeError', message: 'the clock has stopped' },
      },
    ])
    await wire.send(post(partCall(service, file)))
    expect((await wire.answer()).code).toBe(0)
  })

  it('while a file is played is answered 500 with the id that its log line has', async () => {
    const service = await startLoggedService()
    const { url = '' } = await uploadWhole(service, file)
    const { run } = tablesOf(service)
    run('alter table files rename to files_away')
    const { status, headers, body } = await play(`${url}`)
    run('alter table files_away rename to files')
    expect({ status, cors: headers['access-control-allow-origin'] }).toEqual({ status: 500, cors: '*' })
    const [, requestId] = /^internal error ([0-9a-f]{16})\n$/.exec(String(body)) ?? []
    expect(service.lines().filter(({ level }) => level >= levels.error)).toMatchObject([
      { msg: 'request failed', requestId, err: { code: -10005 } },
    ])
    expect((await play(url)).status).toBe(200)
  })
})

describe('no line holds', () => {
  it('a key or a signature, whatever is called and however it fails', async () => {
    let broken = false
    const service = await startLoggedService(
      {},
      {
        onNow: () => {
          if (broken) throw new TypeError('the clock has stopped')
        },
      },
    )
    const signature = grant(service, file.fileSha)
    const wire = await openWire(service)
    const send = async (target: string) => {
      await wire.send(head('POST', target))
      return wire.answer()
    }
    const init = targetOf(service, 'InitUpload', initParams(file))
    expect((await send(init)).code).toBe(0)
    expect((await send(init.replace('fileSize', 'filesize'))).code).toBe(-10002)
    expect((await send(`${init}&Signature=twice`)).code).toBe(-10001)
    expect((await send(init.replace('InitUpload', 'Report'))).code).toBe(0)
    expect((await callUgc(service, 'InitUploadEx', signature, { fileSize: 0 })).code).toBe(-10003)
    expect((await callUgc(service, 'InitUploadEx', `x${signature}`)).code).toBe(-10002)
    expect((await callUgc(service, 'FinishUploadEx', signature)).code).toBe(-10005)
    broken = true
    expect((await send(init)).code).toBe(-6000)
    broken = false

    const signed = /Signature=([^&]+)/.exec(init)?.[1] ?? ''
    const secrets = [keyPair.secretKey, signed, decodeURIComponent(signed), signature, encodeURIComponent(signature)]
    expect(service.texts.length).toBeGreaterThan(8)
    for (const text of service.texts) for (const secret of secrets) expect(text).not.toContain(secret)
  })

  it('the query of a call whose very answering failed', async () => {
    const { log, texts, lines } = keptLog()
    const wire = await openWire(await startListener({ log }))
    await wire.send(head('POST', '/v3/index.php?Action=Report&Signature=secret'))
    await wire.closed()
    expect(lines()).toMatchObject([{ msg: 'request failed', path: '/v3/index.php' }])
    expect(texts.join()).not.toContain('secret')
  })
})
