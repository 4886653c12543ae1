import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory in memory where the machine has such, for tests that sync a thousand times; removed when the test ends. */
export async function memoryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sluice-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}
