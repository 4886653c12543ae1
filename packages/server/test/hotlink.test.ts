import { hotlinkQuery } from '@sluice/protocol/signatures'
import { openSqlite } from '@sluice/server'
import { changeAppSettings } from '@sluice/server/apps'
import { describe, expect, it } from 'vitest'
import { KeyRule } from '../src/auth/key-rule.ts'
import { ViewerCounts } from '../src/auth/viewer-counts.ts'
import { play } from './support/players.ts'
import {
  callServer,
  initParams,
  sampleFile,
  startTestService,
  type TestService,
  uploadWhole,
  vectorClockMs,
} from './support/service.ts'

const file = sampleFile(1_000)
const key = '24FEQmTzro4V5u3D5epW'

/** Sets something for the app of the test service, past the service. */
async function set({ directory }: TestService, changes: Record<string, string>): Promise<void> {
  const metadata = await openSqlite(directory)
  await changeAppSettings(metadata, 1_251_000_001, changes)
  await metadata.close()
}

/** A service whose clock stands, with a file, and these settings of its app. */
async function startWithRules(changes: Record<string, string>, environment: Record<string, string> = {}) {
  const service = await startTestService(environment, { frozen: true })
  const { url = '', fileId = '' } = await uploadWhole(service, file)
  await set(service, changes)
  const { pathname: path } = new URL(url)
  const dir = path.slice(0, path.lastIndexOf('/') + 1)
  const nowS = Math.floor(service.now() / 1000)
  /** The path with a signed query. */
  const sign = (terms: { t?: string; exper?: string; rlimit?: string; us?: string } = {}, as = { key, dir }) =>
    `${path}?${hotlinkQuery({ ...as, t: (nowS + 60).toString(16), ...terms })}`
  const ask = (asked: string, headers: Record<string, string> = {}, method = 'GET') =>
    play(service.url, { path: asked, headers, method })
  return { service, url, fileId, path, dir, nowS, sign, ask }
}

describe('without a rule', () => {
  it('any query plays, and the answer may be kept by anybody', async () => {
    const { ask, path } = await startWithRules({})
    const { status, headers } = await ask(`${path}?t=1&sign=2`, { Referer: 'https://anywhere.example.com/' })
    expect({ status, cache: headers['cache-control'] }).toEqual({ status: 200, cache: 'public, max-age=3600' })
  })

  it('one that is set counts within two seconds', async () => {
    const { service, ask, path, sign } = await startWithRules({})
    expect((await ask(path)).status).toBe(200)
    await set(service, { hotlinkKey: key })
    await expect.poll(async () => (await ask(path)).status, { timeout: 5_000 }).toBe(403)
    expect((await ask(sign())).status).toBe(200)
  })
})

describe('the Key rule', () => {
  it('plays what is signed, and says to keep it for that client alone', async () => {
    const { sign, ask } = await startWithRules({ hotlinkKey: key })
    const { status, headers, body } = await ask(sign({ us: '72d4cd1101' }))
    expect({ status, cache: headers['cache-control'] }).toEqual({ status: 200, cache: 'private, no-cache' })
    expect(body.equals(file.bytes)).toBe(true)
    expect((await ask(sign(), { Range: 'bytes=10-19' })).body.equals(file.bytes.subarray(10, 20))).toBe(true)
    expect((await ask(sign(), {}, 'HEAD')).status).toBe(200)
    expect((await ask(sign(), { 'If-None-Match': headers.etag ?? '' })).status).toBe(304)
    expect((await ask(sign({ exper: '0', rlimit: '3' }))).status).toBe(200)
  })

  it('refuses anything else, readable by pages, with nothing of the file', async () => {
    const { path, dir, sign, ask } = await startWithRules({ hotlinkKey: key })
    const [, query = ''] = sign().split('?')
    const [t = '', signed = ''] = query.split('&')
    const wrong = {
      'no query': path,
      'another order': `${path}?${signed}&${t}`,
      'a term that is not signed': `${path}?${t}&rlimit=3&${signed}`,
      'a term twice': `${path}?${t}&${query}`,
      'upper-case hex': `${path}?${t}&${signed.replace(/[0-9a-f]{32}/, (hex) => hex.toUpperCase())}`,
      'a shorter sign': `${path}?${t}&${signed.slice(0, -1)}`,
      'a longer sign': `${path}?${t}&${signed}0`,
      'letters beyond ASCII': `${path}?${t}&sign=${'%E4'.repeat(32)}`,
      'another key': sign({}, { key: 'other12345', dir }),
      'another file': sign({}, { key, dir: dir.replace(/\d\/$/, '/') }),
      'no expiry': sign({ t: '' }),
      'an expiry that is no number': sign({ t: 'tomorrow' }),
      'an upper-case expiry': sign({ t: '5A71AFC0' }),
      'a limit of none': sign({ rlimit: '0' }),
      'a limit that is no number': sign({ rlimit: '-1' }),
      'a preview that is no number': sign({ exper: '1.5' }),
    }
    for (const [why, asked] of Object.entries(wrong)) {
      for (const method of ['GET', 'HEAD']) {
        const headers = { Range: 'bytes=0-1', 'If-None-Match': '*' }
        const { status, headers: sent, body } = await ask(asked, headers, method)
        expect({ why, status }).toEqual({ why, status: 403 })
        expect(sent).toMatchObject({ 'access-control-allow-origin': '*', 'cache-control': 'no-store' })
        expect(sent).not.toHaveProperty('etag')
        expect(body.length).toBeLessThan(100)
      }
    }
  })

  it('is not fooled by a time that swallows the value after it', async () => {
    const { path, nowS, sign, ask } = await startWithRules({ hotlinkKey: key })
    const t = (nowS - 10_000).toString(16)
    const [, signed = ''] = sign({ t, rlimit: '3' }).split('&sign=')
    expect((await ask(`${path}?t=${t}3&sign=${signed}`)).status).toBe(403)
  })

  it('holds until five minutes after its time', async () => {
    const { service, sign, ask } = await startWithRules({ hotlinkKey: key })
    service.advance(360_000)
    expect((await ask(sign())).status).toBe(200)
    service.advance(1_000)
    expect((await ask(sign())).status).toBe(403)
  })

  it('refuses a preview: there is nothing to cut the video with', async () => {
    const { sign, ask } = await startWithRules({ hotlinkKey: key })
    const { status, body } = await ask(sign({ exper: '300' }))
    expect({ status, body: body.toString() }).toEqual({ status: 403, body: 'previews are not served\n' })
  })

  it('holds for covers too, whose path is the same', async () => {
    const { service, fileId, dir, sign, ask } = await startWithRules({ hotlinkKey: key })
    const picture = sampleFile(2_048, 7)
    const params = { ...initParams(picture, 2_048), fileType: 'jpg', 'extra.usage': 1, 'extra.fileId': fileId }
    const { url = '' } = await callServer(service, 'SmallFileUpload', params, { body: picture.bytes })
    const cover = new URL(url).pathname
    expect(cover.startsWith(dir)).toBe(true)
    expect((await ask(cover)).status).toBe(403)
    const [, query] = sign({ exper: '10' }).split('?')
    expect((await ask(`${cover}?${query}`)).status).toBe(200)
  })

  it('leaves what is not there not there', async () => {
    const { path, ask } = await startWithRules({ hotlinkKey: key })
    expect((await ask(path.replace('f0.mp4', 'f0.webm'))).status).toBe(404)
  })

  it('takes the path of the public address, which a proxy has shortened', async () => {
    const { path, dir, sign, ask } = await startWithRules(
      { hotlinkKey: key },
      { SLUICE_PUBLIC_URL: 'https://video.example.com/media' },
    )
    expect(path.startsWith('/media/vod1251000001/')).toBe(true)
    const arrived = (asked: string) => asked.replace('/media', '')
    expect((await ask(arrived(sign()))).status).toBe(200)
    expect((await ask(arrived(sign({}, { key, dir: arrived(dir) })))).status).toBe(200)
    expect((await ask(arrived(sign({}, { key, dir: `/other${dir}` })))).status).toBe(403)
  })
})

describe('a limit of viewers', () => {
  const from = (forwarded: string) => ({ 'X-Forwarded-For': forwarded })

  it('counts the clients behind a proxy, each once, for every signed address', async () => {
    const { sign, ask } = await startWithRules({ hotlinkKey: key }, { SLUICE_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8' })
    const [first, second] = [sign({ rlimit: '2', us: 'a' }), sign({ rlimit: '2', us: 'b' })]
    const statuses = async (asked: string, clients: readonly string[]) =>
      Promise.all(clients.map(async (client) => (await ask(asked, from(client))).status))
    expect(await statuses(first, ['1.1.1.1', '1.1.1.1', '1.1.1.1'])).toEqual([200, 200, 200])
    expect((await ask(first, from('9.9.9.9, 2.2.2.2, 10.1.2.3'))).status).toBe(200)
    expect((await ask(first, from('3.3.3.3'))).status).toBe(403)
    expect(await statuses(first, ['2.2.2.2', '::ffff:1.1.1.1', '8.8.8.8, 1.1.1.1'])).toEqual([200, 200, 200])
    expect((await ask(second, from('3.3.3.3'))).status).toBe(200)
    expect((await ask(first, from('nonsense'))).status).toBe(403) // then it is the proxy's own address
  })

  it('believes nobody else what a client is called', async () => {
    const { sign, ask } = await startWithRules({ hotlinkKey: key })
    const asked = sign({ rlimit: '1' })
    for (const client of ['1.1.1.1', '2.2.2.2']) expect((await ask(asked, from(client))).status).toBe(200)
  })

  it('counts nobody who could not play anyhow', async () => {
    const { nowS, sign, ask } = await startWithRules({ hotlinkKey: key }, { SLUICE_TRUSTED_PROXIES: '127.0.0.1' })
    const asked = sign({ rlimit: '1' })
    const spoilt = asked.replace(`t=${(nowS + 60).toString(16)}`, `t=${(nowS + 61).toString(16)}`)
    expect((await ask(spoilt, from('1.1.1.1'))).status).toBe(403)
    expect((await ask(asked, from('2.2.2.2'))).status).toBe(200)
  })

  it('takes no more memory than for a hundred thousand of them', () => {
    const counts = new ViewerCounts()
    expect(counts.admit('first', 'a', 1)).toBe(true)
    expect(counts.admit('first', 'b', 1)).toBe(false)
    for (let client = 0; client < 100_000; client++) expect(counts.admit('second', `${client}`, 1_000_000)).toBe(true)
    expect(counts.admit('first', 'b', 1)).toBe(true) // it was forgotten
    expect(counts.admit('second', '99999', 1)).toBe(true)
  })
})

describe('the Referer rule', () => {
  const pages = { referers: 'www.example.com/, *.video.example.org, short.example' }
  const listed = [
    'https://www.example.com/',
    'http://WWW.Example.com/watch?v=1',
    'android-app://www.example.com/',
    'www.example.com/without-scheme',
    'https://a.video.example.org/x',
    'https://a.b.video.example.org:8443/x',
    'https://short.example',
    'https://short.example.net/', // a beginning without a slash is a beginning of names too, as the page has it
  ]
  const unlisted = [
    'https://www.example.com.evil.net/',
    'https://example.com/',
    'https://video.example.org/',
    'https://evil.net/a.video.example.org/',
    'https://evil.net/?www.example.com/',
    'https://evil.net?a.video.example.org/',
    'https://evil.net#a.video.example.org/',
    'null',
  ]

  it.each([
    ['white', 200, 403],
    ['black', 403, 200],
  ])('%s answers listed pages %i and others %i', async (refererRule, forListed, forOthers) => {
    const { path, ask } = await startWithRules({ ...pages, refererRule })
    for (const [referers, status] of [
      [listed, forListed],
      [unlisted, forOthers],
    ] as const) {
      for (const Referer of referers) {
        const answer = await ask(path, { Referer })
        expect({ Referer, status: answer.status }).toEqual({ Referer, status })
        expect(answer.headers['cache-control']).toBe(status === 200 ? 'private, no-cache' : 'no-store')
      }
    }
  })

  it.each(['white', 'black'])('%s lets those in who name no page, unless that is refused', async (refererRule) => {
    for (const [emptyReferer, status] of [
      ['', 200],
      ['refuse', 403],
    ] as const) {
      const { path, ask } = await startWithRules({ ...pages, refererRule, emptyReferer })
      expect((await ask(path)).status).toBe(status)
      expect((await ask(path, { Referer: ' ' })).status).toBe(status)
    }
  })

  it('stands beside the Key rule: both must let one in', async () => {
    const { path, sign, ask } = await startWithRules({ ...pages, refererRule: 'white', hotlinkKey: key })
    const [Referer = ''] = listed
    expect((await ask(sign(), { Referer })).status).toBe(200)
    expect((await ask(sign(), { Referer: 'https://evil.net/' })).status).toBe(403)
    expect((await ask(path, { Referer })).status).toBe(403)
  })

  it.each([
    ['referers', 'https://www.example.com/', 'expected'],
    ['referers', 'a*.example.com', 'expected beginnings'],
    ['referers', Array.from({ length: 11 }, (_, index) => `${index}.example.com`).join(), 'expected at most 10'],
    ['refererRule', 'grey', 'expected one of'],
    ['emptyReferer', 'off', 'expected one of'],
    ['hotlinkKey', 'short12', 'expected 8 to 20'],
    ['hotlinkKey', 'a-key-with-dashes', 'expected 8 to 20'],
  ])('a wrong %s is named: %s', async (name, value, why) => {
    const service = await startTestService()
    const wrong = set(service, { [name]: value })
    await expect(wrong).rejects.toThrow(`${name}: ${why}`)
    if (name === 'hotlinkKey') await expect(wrong).rejects.not.toThrow(value)
  })
})

it.each([
  { t: '5a71afc0', us: '72d4cd1101', sign: '3d8488faeb37d52d6bf63b63c1b171c3' },
  { t: '5a71afc0', rlimit: '3', us: '72d4cd1101', sign: 'c5214f0d5961b13acd558b4957c4dfc5' },
  { t: '5a71afc0', exper: '300', us: '72d4cd1101', sign: '547d98c4b91e81b5ea55c95cef63223f' },
])('the published example $sign is let in until its time', (terms) => {
  const query = new URLSearchParams(terms).toString()
  const asked = { dirs: ['/dir1/dir2/'], query, address: '1.1.1.1', durationS: 300 }
  const endsAt = 0x5a71afc0 * 1000
  expect(new KeyRule(() => vectorClockMs).refusal(key, asked)).toBeUndefined()
  expect(new KeyRule(() => endsAt + 300_000).refusal(key, asked)).toBeUndefined()
  expect(new KeyRule(() => endsAt + 300_001).refusal(key, asked)).toBe('the address has expired')
})
