import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandCpu } from '../measure/command-cpu.ts'
import { benchDirectory } from '../measure/server-process.ts'

/** A measurement with a file of its own, which close() removes. */
export interface Yardstick {
  readonly run: () => Promise<{ readonly cpuPerGib: number }>
  readonly close: () => void
}

/** What the two digests alone cost: `openssl dgst -md5` and then `-sha1` of the same bytes, CPU for each GiB. */
export function opensslDigests(bytes: number): Yardstick {
  const directory = mkdtempSync(join(benchDirectory, '.bench-'))
  const file = join(directory, 'bytes')
  writeFileSync(file, randomBytes(bytes))
  const measure = () => commandCpu(`openssl dgst -md5 '${file}'; openssl dgst -sha1 '${file}'`) / (bytes / 2 ** 30)
  return {
    run: async () => ({ cpuPerGib: measure() }),
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}
