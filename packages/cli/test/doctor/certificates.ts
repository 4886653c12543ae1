import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface KeyPair {
  readonly key: string
  readonly cert: string
}

/** Makes a CA and, signed by it, what servers at `localhost` may show: good, ending soon, ended, for another name. */
export function makeCertificates() {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-ca-'))
  const path = (name: string) => join(directory, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

  const selfSigned = (name: string, subject: string): KeyPair => {
    const names = ['-subj', `/CN=${subject}`, '-addext', `subjectAltName=DNS:${subject}`]
    openssl('req', '-x509', ...newKey, ...names, '-days', '365', '-keyout', `${name}.key`, '-out', `${name}.crt`)
    return { key: readFileSync(path(`${name}.key`), 'utf8'), cert: readFileSync(path(`${name}.crt`), 'utf8') }
  }
  const signed = (name: string, subject: string, days: number): KeyPair => {
    const names = ['-subj', `/CN=${subject}`, '-addext', `subjectAltName=DNS:${subject}`]
    openssl('req', ...newKey, ...names, '-keyout', `${name}.key`, '-out', `${name}.csr`)
    const ca = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy']
    openssl('x509', '-req', '-in', `${name}.csr`, ...ca, '-days', String(days), '-out', `${name}.crt`)
    return { key: readFileSync(path(`${name}.key`), 'utf8'), cert: readFileSync(path(`${name}.crt`), 'utf8') }
  }
  try {
    return {
      ca: selfSigned('ca', 'Doctor CA').cert,
      good: signed('good', 'localhost', 365),
      endingSoon: signed('soon', 'localhost', 10),
      ended: signed('ended', 'localhost', -1),
      misnamed: signed('misnamed', 'elsewhere.example.com', 365),
      selfSigned: selfSigned('self', 'localhost'),
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
