import type { VodCalls, VodEnvelope } from '@sluice/protocol'
import { callVod } from '../vod-call.ts'
import { type Answer, ask, describe, NoAnswer } from './ask.ts'
import { originTrouble, preflightTrouble, valuesOf } from './cors.ts'
import { failed, ok, skipped, type Verdict, warning } from './finding.ts'
import { isNarrower, reachOf } from './reach.ts'
import type { SignedSubject } from './subject.ts'
import { checkTls } from './tls.ts'

const askedBytes = 100

/** Whether a stored file can be played, and sought in, from where its address says it is. */
export async function checkFiles(subject: SignedSubject, origin: string): Promise<Verdict> {
  const file = await findFile(subject)
  if (!file) return skipped('the app has no file to ask for')
  const url = new URL(file.url)
  const misplaced = await addressTrouble(subject, url)
  if (misplaced) return misplaced
  const range = `bytes=0-${askedBytes - 1}`
  let answer: Answer
  try {
    answer = await ask(url, { headers: { origin, range } })
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    return failed(`files are to be at ${url.origin}: ${error.message}`, publicUrlRemedy(subject))
  }
  if (answer.status === 403) return skipped(`the app protects its files, and ${url} is not signed`)
  return (
    rangeTrouble(url, answer, file.size) ??
    originTrouble(answer, origin, 'the answer for a file') ??
    exposureTrouble(answer) ??
    (await preflightTrouble(url, origin, { method: 'GET', header: 'range' })) ??
    ok(`ranges of ${url} are served, to pages of ${origin} too`)
  )
}

interface KnownFile {
  readonly url: string
  readonly size: number
}

/** The newest file of the app. */
async function findFile({ url, credentials }: SignedSubject): Promise<KnownFile | undefined> {
  const remote = { url: url.href, credentials, signal: AbortSignal.timeout(10_000) }
  const { fileSet } = await callVod<AnswerOf<'DescribeVodInfo'>>(remote, 'DescribeVodInfo', { orderby: '1' })
  const [newest] = fileSet
  if (!newest) return undefined
  const { fileId } = newest
  const info = await callVod<AnswerOf<'GetVideoInfo'>>(remote, 'GetVideoInfo', { fileId, 'infoFilter.0': 'basicInfo' })
  return info.basicInfo && { url: info.basicInfo.sourceVideoUrl, size: info.basicInfo.size }
}

type AnswerOf<Name extends keyof VodCalls> = VodEnvelope & VodCalls[Name]['answer']

/** What is wrong with where files are said to be. */
async function addressTrouble(subject: SignedSubject, url: URL): Promise<Verdict | undefined> {
  const { url: service, now } = subject
  const reach = await reachOf(url)
  if (isNarrower(reach, subject.reach)) {
    return failed(
      `the addresses of files begin with ${url.origin}, which only its own ${reach} reaches`,
      publicUrlRemedy(subject),
    )
  }
  if (service.protocol === 'https:' && url.protocol === 'http:') {
    return warning(
      `the addresses of files begin with ${url.origin}: pages on https:// may not play them`,
      publicUrlRemedy(subject),
    )
  }
  if (url.protocol === 'http:' || url.host === service.host) return undefined
  const tls = await checkTls({ url, reach, now })
  return tls.state === 'ok' ? undefined : { ...tls, finding: `${url.host}: ${tls.finding}` }
}

function publicUrlRemedy({ url, prefix }: SignedSubject): string {
  return `Set SLUICE_PUBLIC_URL=${url.origin}${prefix} on the service, or where else the public finds its files.`
}

function rangeTrouble(url: URL, answer: Answer, size: number): Verdict | undefined {
  const { status, headers, body } = answer
  if (status === 200) {
    return warning(
      `ranges of ${url} are ignored, the whole file comes: players cannot seek in it`,
      'Have the proxy pass Range on, and Content-Range back (nginx: no proxy_set_header Range "", no max_ranges 0).',
    )
  }
  if (status !== 206) {
    return failed(
      `${url} is answered ${describe(answer)}`,
      'Let the proxy pass /vod… on to Sluice (nginx: location ~ ^/vod\\d+/), and check SLUICE_PUBLIC_URL.',
    )
  }
  const end = Math.min(askedBytes, size) - 1
  if (headers['content-range'] === `bytes 0-${end}/${size}` && body.length === end + 1) return undefined
  return failed(
    `for ${end + 1} bytes of ${url} came ${body.length}, Content-Range ${headers['content-range'] ?? 'missing'}`,
    'See what cache or filter stands between; it must leave ranges alone.',
  )
}

function exposureTrouble(answer: Answer): Verdict | undefined {
  const exposed = valuesOf(answer, 'access-control-expose-headers').map((name) => name.toLowerCase())
  if (exposed.includes('*') || exposed.includes('content-range')) return undefined
  return warning(
    'the answer for a file does not expose Content-Range: players in pages cannot read it',
    'Sluice sends Access-Control-Expose-Headers with it: have the proxy leave it alone.',
  )
}
