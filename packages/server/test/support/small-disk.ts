import { spawnSync } from 'node:child_process'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory } from './service.ts'

/** Why no small file system can be made here; `undefined` when it can. */
export const noSmallDisk = process.getuid?.() === 0 ? undefined : 'mounting a small file system takes root'

/** A file system of its own, in memory, with room for so many bytes; it goes with the test. */
export async function mountSmallDisk(bytes: number): Promise<string> {
  const directory = await temporaryDirectory()
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory])
  if (status !== 0) throw new Error(`mount: ${stderr}`)
  onTestFinished(() => {
    spawnSync('umount', ['-l', directory])
  })
  return directory
}

/** Fills a file system until so many bytes are left; what is returned makes room again. */
export async function fillUp(directory: string, { leave }: { leave: number }): Promise<() => Promise<void>> {
  const filler = join(directory, 'filler')
  const { bavail, bsize } = await statfs(directory)
  await writeFile(filler, Buffer.alloc(bavail * bsize - leave))
  return () => rm(filler)
}
