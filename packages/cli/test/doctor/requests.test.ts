import { describe, expect, test } from 'vitest'
import { checkBodies } from '../../src/doctor/bodies.ts'
import { checkQuery } from '../../src/doctor/query.ts'
import { subjectAt } from '../../src/doctor/subject.ts'
import { proxyTo } from './proxy.ts'
import { shareDoctored } from './service.ts'

const service = shareDoctored()

describe('queries', () => {
  const check = async (url: string) => checkQuery(await subjectAt(url))
  const checkBehind = async (rules: Parameters<typeof proxyTo>[1]) => check(await proxyTo(service().url, rules))

  test('as long as signatures make them pass', async () => {
    expect(await check(service().url)).toEqual({ state: 'ok', finding: 'queries of 16 KiB pass' })
    expect((await checkBehind({})).state).toBe('ok')
  })

  test('of 8 KiB at most are a warning', async () => {
    expect(await checkBehind({ maxTargetBytes: 8_192 })).toEqual({
      state: 'warning',
      finding: 'a query of 16 KiB, such as a UGC signature with many tags, is answered 414 of proxy',
      remedy: expect.stringContaining('large_client_header_buffers 4 64k'),
    })
  })

  test('of 1 KiB at most let no client through', async () => {
    expect(await checkBehind({ maxTargetBytes: 1_024 })).toMatchObject({
      state: 'failed',
      finding: 'a POST with a query of 2048 bytes is answered 414 of proxy',
    })
  })

  test('must pass by GET too', async () => {
    const answers = ({ method = '' }, response: { writeHead: (status: number) => { end: () => unknown } }) =>
      method === 'GET' && !!response.writeHead(405).end()
    expect(await checkBehind({ answers })).toMatchObject({
      state: 'failed',
      finding: 'a GET with a query of 2048 bytes is answered 405',
    })
  })
})

describe('bodies', () => {
  const check = async (url: string) => checkBodies(await subjectAt(url))
  const checkBehind = async (rules: Parameters<typeof proxyTo>[1]) => check(await proxyTo(service().url, rules))

  test('pass, and reach the service while they are sent', async () => {
    const fine = { state: 'ok', finding: 'parts of 1 MiB pass, and reach the service while they are sent' }
    expect(await check(service().url)).toEqual(fine)
    expect(await checkBehind({ maxBodyBytes: 2_097_152 })).toEqual(fine)
  })

  test('that a proxy collects first are a warning', async () => {
    expect(await checkBehind({ buffers: true })).toEqual({
      state: 'warning',
      finding: expect.stringMatching(/^a proxy keeps every body until it is complete/),
      remedy: expect.stringContaining('proxy_request_buffering off'),
    })
  })

  test.each([
    [1_048_576, 'warning', /^a body of 1\.3 MiB is answered 413 of proxy: what is too long/],
    [1_048_575, 'failed', /^a body of 1 MiB is answered 413 of proxy: the largest parts of an upload/],
    [100_000, 'failed', /^a body of 1 MiB is answered 413 of proxy: every part of an upload/],
  ])('of %i bytes at most are a %s', async (maxBodyBytes, state, finding) => {
    expect(await checkBehind({ maxBodyBytes })).toEqual({
      state,
      finding: expect.stringMatching(finding),
      remedy: expect.stringContaining('client_max_body_size 2m'),
    })
  })
})
