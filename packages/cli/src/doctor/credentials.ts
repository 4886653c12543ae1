import { createHash, randomBytes, randomInt } from 'node:crypto'
import { errorTable } from '@sluice/protocol'
import { signedQuery } from '@sluice/protocol/signatures'
import { dataDirectory, hasLocalStore, withLocalStore } from '../local-store.ts'
import { ask, describe, envelopeOf } from './ask.ts'
import { failed, ok, type Verdict, warning } from './finding.ts'
import type { SignedSubject } from './subject.ts'

/** A host that every service accepts in a signature, whatever its settings: shipped clients have it compiled in. */
const builtInHost = 'vod2.qcloud.com'

/** Whether the service takes this app's signatures under the name and path that clients have. */
export async function checkCredentials(subject: SignedSubject): Promise<Verdict> {
  const { url, prefix } = subject
  const told = await callSigned(subject, { host: url.host, path: url.pathname })
  if (told.code !== errorTable.signature.code) return explainTaken(subject, told)

  const byKey = await callSigned(subject, { host: builtInHost, path: '/v3/index.php' })
  if (byKey.code === errorTable.signature.code) return explainKey(subject)
  const byPath = await callSigned(subject, { host: builtInHost, path: url.pathname })
  if (byPath.code === errorTable.signature.code) {
    return failed(
      `signatures for the path ${url.pathname} are refused, the key is good: the proxy takes ${prefix} away`,
      `Set SLUICE_PUBLIC_PATHS=${prefix}/v3/index.php,${prefix}/v2/index.php on the service.`,
    )
  }
  const accepted = await findAcceptedHost(subject)
  return failed(
    `signatures for the host ${url.host} are refused, the key is good${accepted === undefined ? '' : `: it takes those for ${accepted}`}`,
    `Add ${url.host} to SLUICE_PUBLIC_HOSTS of the service, or give clients a name that is in it. If it is empty, a proxy writes another Host: this helps, and so does proxy_set_header Host $http_host.`,
  )
}

interface Signed {
  readonly host: string
  readonly path: string
  /** What the request itself says in its Host header. */
  readonly sentHost?: string
}

/**
 * Ends an upload that does not exist: the one signed call of the upload family that changes nothing, whether its
 * signature is taken (-10005) or not (-10002). Throws when the answer is none of the protocol.
 */
async function callSigned({ url, credentials, now }: SignedSubject, { host, path, sentHost }: Signed) {
  const params = {
    Action: 'FinishUpload',
    fileSha: createHash('sha1').update(randomBytes(20)).digest('hex'),
    SecretId: credentials.secretId,
    Timestamp: String(Math.floor(now() / 1000)),
    Nonce: String(randomInt(1, 2 ** 31)),
  }
  const query = signedQuery({ method: 'POST', host, path, params, secretKey: credentials.secretKey })
  const headers = sentHost === undefined ? {} : { host: sentHost }
  const answer = await ask(new URL(`${url}?${query}`), { method: 'POST', headers, isSecret: true })
  const envelope = envelopeOf(answer)
  if (!envelope) throw new Error(`a signed call was answered ${describe(answer)}`)
  return envelope
}

async function explainTaken(
  subject: SignedSubject,
  { code, codeDesc, message }: { code: number; codeDesc: string; message: string },
): Promise<Verdict> {
  const { secretId } = subject.credentials
  switch (code) {
    case errorTable.stateMissing.code:
      return (await hostsAreOpen(subject)) ?? ok(`${secretId} is good, and so is the host ${subject.url.host}`)
    case errorTable.commonParameters.code:
      return codeDesc === '4500'
        ? failed(`the time of the signature is refused: ${message}`, 'Set the clocks here and of the service by NTP.')
        : failed(`the service does not understand a signed call: ${message}`, 'See whether a proxy changes the query.')
    case errorTable.blocked.code:
      return failed(`${secretId} is good, but its app is disabled`, 'Enable it: sluice app enable APP_ID.')
    case errorTable.unavailable.code:
      return warning(`${secretId} is good; the service is in maintenance`, 'Start it without SLUICE_MAINTENANCE=on.')
    case errorTable.rateLimited.code:
      return ok(`${secretId} is good; the app makes more calls than SLUICE_RATE_LIMITS lets it`)
    default:
      return failed(
        `a signed call was answered ${code}: ${message}`,
        "Look it up in docs/errors.md and the service's log.",
      )
  }
}

/** The answer does not tell an unknown SecretId from a wrong key; a service's data on this machine does. */
async function explainKey({ credentials: { secretId, secretKey }, credentialsFrom }: SignedSubject): Promise<Verdict> {
  const remedy = 'sluice app list on its machine shows the SecretIds that are good; sluice app rotate-key makes a pair.'
  const finding = `signatures of ${secretId}, from ${credentialsFrom}, are refused for every host`
  if (!hasLocalStore()) return failed(`${finding}: it is unknown there, has expired, or the key is another`, remedy)
  const credential = await withLocalStore((metadata) => metadata.findCredential(secretId))
  const here = dataDirectory()
  if (!credential) return failed(`${finding}: ${here} has no such SecretId`, remedy)
  if (credential.secretKey !== secretKey) return failed(`${finding}: in ${here} its key is another`, remedy)
  const { expiresAt } = credential
  if (expiresAt !== null) return failed(`${finding}: its end is ${new Date(expiresAt).toISOString()}`, remedy)
  return failed(
    `${finding}, though ${here} has the pair: the service that answers has other data`,
    'Check --url and SLUICE_DATA_DIR.',
  )
}

/** A proxy that writes a Host of its own writes one of these, mostly. */
async function findAcceptedHost(subject: SignedSubject): Promise<string | undefined> {
  const { hostname, protocol, pathname } = subject.url
  const standardPort = protocol === 'https:' ? 443 : 80
  const hosts = [hostname, `${hostname}:${standardPort}`, '127.0.0.1:8266', '127.0.0.1', 'localhost', 'sluice']
  for (const host of hosts) {
    const { code } = await callSigned(subject, { host, path: pathname })
    if (code !== errorTable.signature.code) return host
  }
  return undefined
}

/** On a public address no Host header should be believed: what was signed for another service would be good here. */
async function hostsAreOpen(subject: SignedSubject): Promise<Verdict | undefined> {
  const { url, reach } = subject
  if (reach !== 'everybody') return undefined
  const madeUp = 'doctor.invalid'
  const taken = await callSigned(subject, { host: madeUp, path: url.pathname, sentHost: madeUp }).catch(() => undefined)
  if (taken?.code !== errorTable.stateMissing.code) return undefined
  return warning(
    'signatures for any host are taken: one made for another service is good here',
    `Set SLUICE_PUBLIC_HOSTS=${url.host}, with the other names that clients use.`,
  )
}
