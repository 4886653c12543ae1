import { readdirSync, readlinkSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { DiskBlobs, type DiskOptions } from '../src/blobs/disk.ts'
import { blobsContract } from './blobs-contract.ts'
import { sampleFile, temporaryDirectory } from './support/service.ts'

let directory: string

beforeEach(async () => {
  directory = await temporaryDirectory()
})

async function openDisk(options: Partial<DiskOptions> = {}): Promise<DiskBlobs> {
  const blobs = await DiskBlobs.create(directory, { minFreeBytes: 0, ...options })
  onTestFinished(() => blobs.close())
  return blobs
}

blobsContract(() => openDisk())

const bytes = sampleFile(4096).bytes

/** How many of this process's open files are blobs, or were. */
function openBlobs(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${directory}/`)
    } catch {
      return false // the descriptor that listed the others
    }
  }).length
}

it('writes behind the fourth gigabyte without filling what lies before', async () => {
  const blobs = await openDisk()
  const offset = 5 * 2 ** 30
  await blobs.writePart('11', offset, bytes)
  await blobs.seal('11')
  const target = Buffer.alloc(bytes.length)
  await blobs.readPart('11', offset, target)
  expect(target).toEqual(bytes)
  const blob = await blobs.open('11')
  expect(blob?.size).toBe(offset + bytes.length)
  await blob?.close()
})

it('keeps no more files open than it may, and none when it is closed', async () => {
  const blobs = await openDisk()
  const ids = Array.from({ length: 400 }, (_, index) => String(1000 + index)) // each takes up to two descriptors
  await Promise.all(ids.map((id) => blobs.writePart(id, 0, bytes)))
  for (const id of ids) await blobs.readPart(id, 0, Buffer.alloc(1))
  expect(openBlobs()).toBeLessThanOrEqual(512)
  await blobs.close()
  expect(openBlobs()).toBe(0)
})

it('closes the files of uploads that are sealed or removed', async () => {
  const blobs = await openDisk()
  for (const id of ['11', '12', '13']) await blobs.writePart(id, 0, bytes)
  await blobs.seal('11')
  await blobs.discard('12')
  await blobs.discardUnsealed('13')
  expect(openBlobs()).toBe(0)
})

it('leaves no file open behind reads and writes that meet the end of their upload', async () => {
  const blobs = await openDisk()
  const ids = Array.from({ length: 100 }, (_, index) => String(1000 + index))
  for (const [index, id] of ids.entries()) {
    await blobs.writePart(id, 0, bytes)
    await blobs.close()
    const end = index % 2 === 0 ? blobs.seal(id) : blobs.discard(id)
    const late = [blobs.readPart(id, 0, Buffer.alloc(4096)), blobs.writePart(id, 4096, bytes)]
    await Promise.allSettled([end, ...late])
  }
  await blobs.close()
  expect(openBlobs()).toBe(0)
})

it('makes the directories of files at once, so that sealing has none to make durable', async () => {
  await openDisk()
  const names = Array.from({ length: 100 }, (_, index) => String(index).padStart(2, '0'))
  expect((await readdir(join(directory, 'files'))).sort()).toEqual(names)
})

it('names the failure of the disk, and works again once it is over', async () => {
  const blobs = await openDisk()
  await blobs.writePart('11', 0, bytes)
  await blobs.close()
  await rename(join(directory, 'uploads'), join(directory, 'away'))
  const failure = { errorName: 'writeFailed', codeDesc: 'ENOENT', cause: expect.objectContaining({ code: 'ENOENT' }) }
  await expect(blobs.writePart('11', 0, bytes)).rejects.toMatchObject(failure)
  await expect(blobs.listUnsealed()).rejects.toMatchObject(failure)
  await expect(blobs.seal('11')).rejects.toMatchObject(failure)

  await rename(join(directory, 'away'), join(directory, 'uploads'))
  await blobs.writePart('11', 4096, bytes)
  await blobs.seal('11')
  expect((await blobs.open('11').then((blob) => blob?.close().then(() => blob)))?.size).toBe(8192)
})

it('passes on what the file system says, whatever it is', async () => {
  const blobs = await openDisk()
  await mkdir(join(directory, 'uploads', '11'))
  const failure = { errorName: 'writeFailed', codeDesc: 'EISDIR', cause: expect.objectContaining({ code: 'EISDIR' }) }
  await expect(blobs.writePart('11', 0, bytes)).rejects.toMatchObject(failure)
  await rm(join(directory, 'uploads', '11'), { recursive: true })
  await blobs.writePart('11', 0, bytes)
})

it('leaves the space free that it was told to leave', async () => {
  const blobs = await openDisk({ minFreeBytes: 2 ** 60 })
  const failure = { errorName: 'writeFailed', codeDesc: 'ENOSPC' }
  await expect(blobs.requireSpace(1)).rejects.toMatchObject(failure)
  await expect(blobs.writePart('11', 0, bytes)).rejects.toMatchObject(failure)
  expect(await blobs.listUnsealed()).toEqual([])
})

it('tells how long each sync took, one for parts that came together', async () => {
  const syncs: number[] = []
  const blobs = await openDisk({ onSync: (durationMs) => syncs.push(durationMs) })
  await Promise.all(Array.from({ length: 20 }, (_, index) => blobs.writePart('11', index * 4096, bytes)))
  expect(syncs.length).toBeGreaterThan(0)
  expect(syncs.length).toBeLessThan(5)
  expect(Math.min(...syncs)).toBeGreaterThan(0)
})

it('lists nothing that is not an upload', async () => {
  const blobs = await openDisk()
  await mkdir(join(directory, 'uploads', 'lost+found'))
  await blobs.writePart('41', 0, bytes)
  expect(await blobs.listUnsealed()).toEqual(['41'])
})
