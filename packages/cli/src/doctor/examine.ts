import { checkAddress } from './address.ts'
import { checkBodies } from './bodies.ts'
import { checkClock } from './clock.ts'
import { checkCors } from './cors.ts'
import { checkCredentials } from './credentials.ts'
import { checkDisk } from './disk.ts'
import { checkFiles } from './files.ts'
import { type Finding, failed, skipped, type Verdict } from './finding.ts'
import { checkKeyStore } from './key-store.ts'
import { checkProcess } from './process.ts'
import { checkQuery } from './query.ts'
import type { SignedSubject, Signer, Subject } from './subject.ts'
import { checkTls } from './tls.ts'

export interface Examination {
  readonly subject: Subject
  /** Whose calls are made, or why nobody's. */
  readonly signer: Signer | string
  /** The origin of the page that a browser would upload from. */
  readonly origin: string
  /** The service's data, when it is on this machine. */
  readonly directory: string | undefined
}

/** Runs all checks, as far as possible at the same time, and tells what each found in the order of this list. */
export async function* examine({ subject, signer, origin, directory }: Examination): AsyncGenerator<Finding> {
  const address = run(() => checkAddress(subject))
  const reached = (check: (subject: Subject) => Promise<Verdict>) =>
    run(async () => ((await address).state === 'failed' ? skipped('the address does not answer') : check(subject)))
  const tls = reached(checkTls)
  const signed = (check: (subject: SignedSubject) => Promise<Verdict>, unsigned = String(signer)) =>
    reached(async () => {
      if ((await tls).state === 'failed') return skipped('nothing signed is sent while the certificate is not trusted')
      return typeof signer === 'string' ? skipped(unsigned) : check({ ...signer, ...subject })
    })
  const here = (check: (directory: string) => Promise<Verdict>) =>
    run(async () =>
      directory === undefined
        ? skipped("no data directory here: run this on the service's machine, with its SLUICE_DATA_DIR")
        : check(directory),
    )
  const admitted = signed(checkCredentials)
  const verdicts = {
    address,
    tls,
    clock: reached(checkClock),
    credentials: admitted,
    cors: reached((subject) => checkCors(subject, origin)),
    query: reached(checkQuery),
    bodies: reached(checkBodies),
    files: signed(async (subject) => {
      return (await admitted).state === 'failed' ? skipped('the credentials are refused') : checkFiles(subject, origin)
    }, 'no credentials to find a file with'),
    process: reached(checkProcess),
    disk: here(checkDisk),
    keys: here(checkKeyStore),
  }
  for (const [check, verdict] of Object.entries(verdicts)) yield { check, ...(await verdict) }
}

/** A check that cannot come to a verdict has failed: what it met is what it found. */
async function run(check: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await check()
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return failed(text, 'Try again; if it stays so, see what stands between here and the service.')
  }
}
