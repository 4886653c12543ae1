import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity, connect, type PeerCertificate } from 'node:tls'
import { failed, ok, skipped, type Verdict, warning } from './finding.ts'
import { hostNameOf } from './reach.ts'
import type { Subject } from './subject.ts'

/** With fewer days left a renewal that should have happened has not. */
const fewDays = 21

const dayMs = 86_400_000

/** Whether clients can trust the certificate, for how long, and which versions of TLS they may speak. */
export async function checkTls({ url, reach, now }: Omit<Subject, 'prefix'>): Promise<Verdict> {
  if (url.protocol === 'http:') return reach === 'everybody' ? plain(url) : skipped('plain HTTP, to a private address')
  const { trust, certificate, protocol } = await shakeHands(url)
  const faults = [timeFault(certificate, now()), nameFault(url, certificate), trustFault(trust, certificate)]
  const found = faults.filter((fault) => fault !== undefined)
  if (found.length > 0) {
    return failed(found.map(({ finding }) => finding).join('; '), found.map(({ remedy }) => remedy).join(' '))
  }
  const days = Math.floor((Date.parse(certificate.valid_to) - now()) / dayMs)
  const until = `the certificate ends in ${days} days (${certificate.valid_to})`
  if (days < fewDays) return warning(until, 'Renew it, and see why its renewal did not run.')
  const speaksOlder = await shakeHands(url, { maxVersion: 'TLSv1.2' }).then(
    () => true,
    () => false,
  )
  if (!speaksOlder) {
    return warning(
      'TLS 1.2 is refused',
      'Allow it (nginx: ssl_protocols TLSv1.2 TLSv1.3): old Java and .NET speak no newer.',
    )
  }
  return ok(`${protocol}, ${until}`)
}

function plain({ origin }: URL): Verdict {
  return warning(
    `${origin} is public and not encrypted: files and signatures can be read on the way, and pages on https:// cannot call it`,
    'Put a proxy with TLS in front, and give clients its https:// address.',
  )
}

interface Handshake {
  /** Why the chain is not trusted, as OpenSSL calls it. */
  readonly trust: string | undefined
  readonly certificate: PeerCertificate
  readonly protocol: string
}

function shakeHands(url: URL, options: ConnectionOptions = {}): Promise<Handshake> {
  const host = hostNameOf(url)
  const name = isIP(host) === 0 ? { servername: host } : {}
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(url.port || 443), ...name, rejectUnauthorized: false, ...options })
    socket.setTimeout(5_000, () => socket.destroy(new Error('the handshake took longer than 5 s')))
    socket.on('error', reject)
    socket.on('secureConnect', () => {
      const trust = socket.authorized ? undefined : String(socket.authorizationError)
      resolve({ trust, certificate: socket.getPeerCertificate(), protocol: socket.getProtocol() ?? 'TLS' })
      socket.destroy()
    })
  })
}

interface Fault {
  readonly finding: string
  readonly remedy: string
}

function timeFault({ valid_from, valid_to }: PeerCertificate, now: number): Fault | undefined {
  if (now > Date.parse(valid_to)) return { finding: `the certificate ended on ${valid_to}`, remedy: 'Renew it.' }
  if (now >= Date.parse(valid_from)) return undefined
  return { finding: `the certificate begins on ${valid_from}`, remedy: 'Set the clock of whichever machine is behind.' }
}

function nameFault(url: URL, certificate: PeerCertificate): Fault | undefined {
  if (!checkServerIdentity(hostNameOf(url), certificate)) return undefined
  const names = certificate.subjectaltname ?? `CN:${certificate.subject.CN}`
  return {
    finding: `the certificate is for ${names}, not for ${hostNameOf(url)}`,
    remedy: `Make one that has ${hostNameOf(url)} among its subjectAltNames.`,
  }
}

/** What `timeFault` and `nameFault` say is not said again. */
function trustFault(trust: string | undefined, { issuer }: PeerCertificate): Fault | undefined {
  if (trust === undefined || /ALTNAME|EXPIRED|NOT_YET_VALID/.test(trust)) return undefined
  const ownCa =
    'give its CA to clients: NODE_EXTRA_CA_CERTS=ca.crt for Node (and this command), the system for browsers and .NET, keytool -importcert for Java.'
  if (/SELF_SIGNED/.test(trust)) {
    return {
      finding: `the certificate is of ${issuer.CN ?? 'nobody'}, whom this machine does not trust (${trust})`,
      remedy: `Use one of a public CA; or ${ownCa}`,
    }
  }
  return {
    finding: `nobody this machine trusts stands behind the certificate's issuer, ${issuer.CN ?? 'unnamed'} (${trust})`,
    remedy: `Serve the whole chain, the certificate first (nginx: ssl_certificate fullchain.pem); or ${ownCa}`,
  }
}
