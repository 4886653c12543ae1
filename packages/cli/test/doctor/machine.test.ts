import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkDisk, type FileSystem } from '../../src/doctor/disk.ts'
import { checkKeyStore } from '../../src/doctor/key-store.ts'
import { checkProcess } from '../../src/doctor/process.ts'
import { subjectAt } from '../../src/doctor/subject.ts'
import { proxyTo } from './proxy.ts'
import { shareDoctored } from './service.ts'

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-doctor-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return directory
}

describe('the disk', () => {
  const gib = 2 ** 30
  /** An ext4 with room for everything. */
  const roomy: FileSystem = { type: 0xef53, bsize: 4_096, bavail: (100 * gib) / 4_096, files: 1e6, ffree: 9e5 }
  const checkWith = (changes: Partial<FileSystem>, env = {}) => {
    return checkDisk(temporaryDirectory(), { env, stat: async () => ({ ...roomy, ...changes }) })
  }

  test('that is here has the room that the system says', async () => {
    const directory = temporaryDirectory()
    const { bavail, bsize } = await statfs(directory)
    const free = bavail * bsize
    expect(await checkDisk(directory, { env: { SLUICE_MIN_FREE_SPACE: `${free + gib}` } })).toMatchObject({
      state: 'failed',
      finding: expect.stringMatching(/ free in .* of it kept \(SLUICE_MIN_FREE_SPACE\): uploads are refused$/),
    })
  })

  test('with room above the reserve is good', async () => {
    const { state, finding } = await checkWith({})
    expect(state).toBe('ok')
    expect(finding).toMatch(/^100\.0 GiB free in .*, 256\.0 MiB of it kept/)
  })

  test('without inodes to count, as btrfs has it, is good too', async () => {
    expect((await checkWith({ files: 0, ffree: 0 })).state).toBe('ok')
  })

  test.each<[string, string, Partial<FileSystem>, RegExp]>([
    ['failed', 'is full to the reserve', { bavail: gib / 4 / 4_096 }, /uploads are refused$/],
    ['failed', 'has no inode left', { ffree: 0 }, /^no inode is free/],
    ['failed', 'is on another machine', { type: 0x6969 }, /is on NFS, whose locks/],
    ['warning', 'is memory', { type: 0x01021994 }, /is on tmpfs: it is memory, and goes with it/],
    ['warning', "is a container's own", { type: 0x794c7630 }, /is on overlayfs/],
    ['warning', 'is nearly full', { bavail: gib / 4_096 }, /^1\.0 GiB free/],
    ['warning', 'has few inodes left', { ffree: 500 }, /^500 inodes are free/],
  ])('%s: it %s', async (state, _, changes, finding) => {
    expect(await checkWith(changes)).toEqual({
      state,
      finding: expect.stringMatching(finding),
      remedy: expect.any(String),
    })
  })

  // Root may write everywhere.
  test.skipIf(process.getuid?.() === 0)('that may not be written to is a failure (skipped for root)', async () => {
    const directory = temporaryDirectory()
    chmodSync(directory, 0o500)
    expect(await checkDisk(directory, { env: {}, stat: async () => roomy })).toMatchObject({
      state: 'failed',
      finding: `${directory} cannot be written to here (EACCES)`,
    })
  })
})

describe('the keys', () => {
  const checkWith = (directoryMode: number, fileMode: number) => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'sluice.db'), '')
    chmodSync(join(directory, 'sluice.db'), fileMode)
    chmodSync(directory, directoryMode)
    return checkKeyStore(directory)
  }

  test.each([
    [0o700, 0o644],
    [0o755, 0o600],
    [0o744, 0o644],
  ])("are their owner's with modes %o and %o", async (directory, file) => {
    expect((await checkWith(directory, file)).state).toBe('ok')
  })

  test.each([
    [0o755, 0o644, 'every user of this machine'],
    [0o711, 0o604, 'every user of this machine'],
    [0o750, 0o640, 'its group'],
  ])('are not with modes %o and %o', async (directory, file, readers) => {
    expect(await checkWith(directory, file)).toEqual({
      state: 'warning',
      finding: expect.stringMatching(new RegExp(`in plain text, can be read by ${readers}$`)),
      remedy: expect.stringMatching(/^chmod 700 /),
    })
  })
})

describe('the process', () => {
  const service = shareDoctored()

  test('says which Node it runs on, and how many files it may open', async () => {
    const { state, finding } = await checkProcess(await subjectAt(service().url))
    expect(state).toBe('ok')
    expect(finding).toMatch(new RegExp(`^Node ${process.versions.node}, \\d+ of \\d+ files open$`))
  })

  test('that may open few files is a warning', async () => {
    const url = await proxyTo(service().url, {
      answers: ({ url }, response) =>
        url === '/metrics' && !!response.end('x\nsluice_parts_total 0\nprocess_open_fds 900\nprocess_max_fds 1024\n'),
    })
    expect(await checkProcess(await subjectAt(url))).toEqual({
      state: 'warning',
      finding: 'Node unknown, 900 of 1024 files open',
      remedy: expect.stringContaining('LimitNOFILE=65536'),
    })
  })

  test('is not looked into where a proxy keeps it to itself', async () => {
    const url = await proxyTo(service().url, { answers: (_, response) => !!response.writeHead(404).end() })
    expect((await checkProcess(await subjectAt(url))).state).toBe('skipped')
  })

  test('should not be open to the public', async () => {
    const subject = await subjectAt(service().url)
    expect(await checkProcess({ ...subject, reach: 'everybody' })).toMatchObject({
      state: 'warning',
      finding: '/metrics can be read by anybody',
    })
  })
})
