import { type Answer, ask, describe, envelopeOf, NoAnswer, type Question } from './ask.ts'
import { failed, ok, type Verdict, warning } from './finding.ts'
import type { Subject } from './subject.ts'

/** Whether the service answers where clients are told to send uploads. */
export async function checkAddress(subject: Subject): Promise<Verdict> {
  const { url, prefix } = subject
  let answer: Answer
  try {
    answer = await callNothing(url)
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error
    const isHungUp = error.connected && error.code !== 'timeout'
    return (isHungUp ? await tlsTrouble(subject) : undefined) ?? explainSilence(subject, error)
  }
  if (!envelopeOf(answer)) return (await tlsTrouble(subject)) ?? explainStranger(subject, answer)
  const other = new URL(`${prefix}/${url.pathname.endsWith('/v3/index.php') ? 'v2' : 'v3'}/index.php`, url)
  const there = await callNothing(other)
  if (!envelopeOf(there)) {
    return warning(
      `${url} is answered, ${other.pathname} is not: ${describe(there)}`,
      'Pass both on to Sluice: some clients have the one compiled in, some the other.',
    )
  }
  const health = await ask(new URL(`${prefix}/healthz`, url))
  if (health.status === 503 && health.body.toString() === 'draining\n') {
    return warning('the service is stopping and takes no new calls', 'Start it again.')
  }
  const healthy = health.status === 200 && health.body.toString() === 'ok\n'
  return ok(`Sluice answers at ${url}${healthy ? ' and is healthy' : ', /healthz is not passed on to it'}`)
}

/** Makes a POST, as uploads are, that only a service of this protocol has an answer for. */
export function callNothing(url: URL, question: Question = {}): Promise<Answer> {
  return ask(new URL(`${url}?Action=None`), { method: 'POST', ...question })
}

/** Whether it is TLS that is spoken to plain HTTP here: some servers hang up on that, some answer 400. */
async function tlsTrouble({ url }: Subject): Promise<Verdict | undefined> {
  if (url.protocol === 'https:') return undefined
  const secure = new URL(`https://${url.hostname}:${url.port || 80}`)
  const speaksTls = await ask(secure).then(
    () => true,
    () => false,
  )
  return speaksTls ? failed(`${url.host} speaks TLS, not plain HTTP`, 'Use https://.') : undefined
}

function explainSilence({ url, reach }: Subject, { code, connected, message, cause }: NoAnswer): Verdict {
  const { host, hostname, protocol } = url
  if (/^(ENOTFOUND|EAI_)/.test(code)) {
    return failed(
      `${hostname} is a name that nobody knows (${code})`,
      'Check its spelling, and add it to your DNS. For a try, a line in /etc/hosts will do.',
    )
  }
  if (code === 'ECONNREFUSED') {
    return failed(
      `nothing listens on ${host}`,
      reach === 'machine'
        ? 'Start sluice serve, or name with --url where it listens. From another machine than its own it is reached only with SLUICE_HOST=0.0.0.0, or through a proxy.'
        : 'Start the proxy, or open its port. Sluice itself listens on 127.0.0.1 unless SLUICE_HOST says otherwise.',
    )
  }
  if (protocol === 'https:' && /wrong version number|packet length too long/.test(String(cause))) {
    return failed(
      `${host} does not speak TLS`,
      'Use http://, or put a proxy with TLS in front: Sluice speaks plain HTTP.',
    )
  }
  if (/protocol version|unsupported protocol|handshake failure/.test(String(cause))) {
    return failed(
      `${host} speaks no version of TLS, or no cipher, that is current (${code})`,
      'Let the proxy speak TLS 1.2 and 1.3 (nginx: ssl_protocols TLSv1.2 TLSv1.3).',
    )
  }
  if (!connected)
    return failed(message, 'Check the address, and that firewalls and security groups let its port through.')
  return failed(
    `${host} takes connections, but: ${message}`,
    'Look at the log of what listens there. A proxy that waits for Sluice: is sluice serve running, and at the port of proxy_pass?',
  )
}

async function explainStranger({ url, prefix }: Subject, answer: Answer): Promise<Verdict> {
  const { status, headers } = answer
  if (status >= 300 && status < 400) {
    const target = headers.location === undefined ? undefined : new URL(headers.location, url)
    return failed(
      `${url} redirects: ${describe(answer)}`,
      `No client follows a redirect of a POST. Give clients ${target?.origin ?? 'the other address'}; where old ones speak plain HTTP, such as the old Node.js SDK, answer the upload paths there without a redirect.`,
    )
  }
  if (status >= 502 && status <= 504) {
    return failed(
      `a proxy answers, the service behind it does not: ${describe(answer)}`,
      'Start sluice serve, and check the address the proxy passes calls on to (nginx: proxy_pass, error.log).',
    )
  }
  if (prefix !== '' && envelopeOf(await callNothing(new URL('/v3/index.php', url)))) {
    return failed(
      `Sluice answers at ${url.origin}, not under ${prefix}: ${describe(answer)}`,
      `Use ${url.origin}; or let the proxy pass ${prefix}/v3/index.php on as /v3/index.php, and set SLUICE_PUBLIC_PATHS=${prefix}/v3/index.php,${prefix}/v2/index.php.`,
    )
  }
  return failed(
    `another service answers at ${url}: ${describe(answer)}`,
    'Check the address; let the proxy pass /v2/index.php, /v3/index.php and /vod… on to Sluice, with POST, GET and OPTIONS.',
  )
}
