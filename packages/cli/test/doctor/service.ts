import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, startService } from '@sluice/server'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { type SignedSubject, subjectAt } from '../../src/doctor/subject.ts'

export const credentials = { secretId: 'AKIDdoctor', secretKey: 'key-of-the-doctor' }

/** A service of its own, on a real socket and a real disk. */
async function start(env: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-doctor-'))
  const { url, close } = await startService(
    readSettings({
      SLUICE_PORT: '0',
      SLUICE_DATA_DIR: directory,
      SLUICE_MIN_FREE_SPACE: '0',
      SLUICE_LOG_LEVEL: 'silent',
      SLUICE_SECRET_ID: credentials.secretId,
      SLUICE_SECRET_KEY: credentials.secretKey,
      ...env,
    }),
  )
  const stop = async () => {
    await close()
    rmSync(directory, { recursive: true })
  }
  return { url, directory, stop }
}

/** Starts a service for one test. */
export async function startDoctored(env: Readonly<Record<string, string>> = {}) {
  const service = await start(env)
  onTestFinished(service.stop)
  return service
}

/** Starts a service for all tests of a file. */
export function shareDoctored(env: Readonly<Record<string, string>> = {}) {
  let service: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    service = await start(env)
  })
  afterAll(() => service.stop())
  return () => service
}

/** What the checks look at. */
export async function signedSubjectAt(url: string, more: Partial<SignedSubject> = {}): Promise<SignedSubject> {
  return { ...(await subjectAt(url)), credentials, credentialsFrom: 'the test', ...more }
}
