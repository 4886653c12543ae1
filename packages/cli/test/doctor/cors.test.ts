import type { OutgoingHttpHeaders } from 'node:http'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBrowser, type TestBrowser } from '../../../client/test/browser/browser.ts'
import { checkCors } from '../../src/doctor/cors.ts'
import { subjectAt } from '../../src/doctor/subject.ts'
import { type ProxyRules, proxyTo } from './proxy.ts'
import { shareDoctored } from './service.ts'

const service = shareDoctored()

let browser: TestBrowser
let page: Page
let origin = ''
beforeAll(async () => {
  browser = await startBrowser()
  page = await browser.open()
  origin = new URL(page.url()).origin
}, 60_000)
afterAll(() => browser.close())

/** Whether the page, in a real browser, gets an answer to what the SDK sends for a part. */
function pageMaySend(url: string): Promise<boolean> {
  return page.evaluate(async (address) => {
    const headers = { 'content-type': 'application/octet-stream' }
    const sent = fetch(address, { method: 'POST', headers, body: 'part' })
    return sent.then(
      async (answer) => (await answer.text()).includes('-10001'),
      () => false,
    )
  }, `${url}/v3/index.php?Action=None`)
}

/** What the check says; a browser must find the same. */
async function check(url: string) {
  const verdict = await checkCors(await subjectAt(url), origin)
  expect(await pageMaySend(url)).toBe(verdict.state === 'ok')
  return verdict
}

const checkBehind = async (rules: ProxyRules) => check(await proxyTo(service().url, rules))

test('pages may upload to a service, and through a proxy that leaves it alone', async () => {
  const fine = { state: 'ok', finding: `pages of ${origin} may upload` }
  expect(await check(service().url)).toEqual(fine)
  expect(await checkBehind({})).toEqual(fine)
})

test('they may when the proxy answers a preflight as Sluice would, for this origin alone', async () => {
  const answers: NonNullable<ProxyRules['answers']> = ({ method }, response) => {
    const headers = { 'access-control-allow-origin': origin, 'access-control-allow-headers': 'Range, Content-Type' }
    return method === 'OPTIONS' && !!response.writeHead(204, headers).end()
  }
  expect((await checkBehind({ answers })).state).toBe('ok')
})

const pairsOf = (headers: OutgoingHttpHeaders) => {
  return Object.entries(headers).flatMap(([name, value]) => [name, String(value)])
}

describe('a browser stops at a proxy that', () => {
  const onPreflight =
    (status: number, headers: Record<string, string> = {}): NonNullable<ProxyRules['answers']> =>
    ({ method }, response) =>
      method === 'OPTIONS' && !!response.writeHead(status, headers).end()

  test.each<[string, ProxyRules, RegExp, RegExp]>([
    [
      'refuses OPTIONS',
      { answers: onPreflight(405) },
      /^the preflight \(OPTIONS\) is answered 405: /,
      /^Let the proxy pass OPTIONS on/,
    ],
    [
      'redirects OPTIONS',
      { answers: onPreflight(301, { location: 'https://elsewhere.example.com/' }) },
      /^the preflight \(OPTIONS\) is answered 301 to https:\/\/elsewhere/,
      /^Let the proxy pass OPTIONS on/,
    ],
    [
      'answers OPTIONS without the header that parts have',
      { answers: onPreflight(200, { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'range' }) },
      /^the preflight \(OPTIONS\) does not allow the header content-type/,
      /^Let the proxy pass OPTIONS on/,
    ],
    [
      'answers OPTIONS without saying who may ask',
      { answers: onPreflight(204, { server: 'proxy' }) },
      /^the answer to the preflight \(OPTIONS\) \(204 of proxy\) has no Access-Control-Allow-Origin/,
      /proxy_hide_header/,
    ],
    [
      'takes the header out of answers',
      { returns: ({ 'access-control-allow-origin': _, ...headers }) => headers },
      /has no Access-Control-Allow-Origin/,
      /proxy_hide_header/,
    ],
    [
      'adds the header again',
      { returns: (headers) => [...pairsOf(headers), 'Access-Control-Allow-Origin', '*'] },
      /^the answer to the preflight .* has Access-Control-Allow-Origin twice \(\*, \*\)/,
      /add_header/,
    ],
    [
      'adds the header again to answers that are none to a preflight',
      {
        answers: onPreflight(204, { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }),
        returns: (headers) => ({ ...headers, 'access-control-allow-origin': '*, https://www.example.com' }),
      },
      /^the answer to a POST has Access-Control-Allow-Origin twice/,
      /add_header/,
    ],
    [
      'lets other pages in',
      { returns: (headers) => ({ ...headers, 'access-control-allow-origin': 'https://other.example.com' }) },
      / Access-Control-Allow-Origin: https:\/\/other\.example\.com: pages of \S+ cannot read it$/,
      /--origin/,
    ],
  ])('%s', async (_, rules, finding, remedy) => {
    expect(await checkBehind(rules)).toEqual({
      state: 'failed',
      finding: expect.stringMatching(finding),
      remedy: expect.stringMatching(remedy),
    })
  })
})
