import { randomFillSync } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'

/** Writes so many MiB of random bytes. */
export function writeRandomFile(path: string, mib: number): void {
  const file = openSync(path, 'w')
  const bytes = new Uint8Array(1_048_576)
  for (let part = 0; part < mib; part++) writeSync(file, randomFillSync(bytes))
  closeSync(file)
}
