import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { audit } from './support/audit.ts'
import { type ChildService, startChildService } from './support/child-service.ts'
import {
  type Answer,
  callServer,
  initParams,
  type SampleFile,
  sampleFile,
  temporaryDirectory,
} from './support/service.ts'
import { settledAudit } from './support/settled-audit.ts'
import { inject, noStrace } from './support/strace.ts'

const later = { code: -10004, canRetry: 1 }
const partSize = 524_288

function init(service: ChildService, file: SampleFile): Promise<Answer> {
  return callServer(service, 'InitUpload', initParams(file))
}

function send(service: ChildService, file: SampleFile, offset: number): Promise<Answer> {
  const body = file.bytes.subarray(offset, offset + partSize)
  const params = { fileSha: file.fileSha, offset, dataSize: body.length, dataMd5: file.md5(offset, body.length) }
  return callServer(service, 'UploadPart', params, { body })
}

function finish(service: ChildService, file: SampleFile): Promise<Answer> {
  return callServer(service, 'FinishUpload', { fileSha: file.fileSha })
}

/** The answer to a call during which system calls of the service fail. */
async function failing(
  service: ChildService,
  rule: string,
  path: string,
  call: () => Promise<Answer>,
): Promise<Answer> {
  const injection = await inject(service.pid, rule, path)
  const answer = await call()
  await injection.stop()
  return answer
}

it('acknowledges no part that did not get to the disk, and takes it the next time', async ({ skip }) => {
  skip(noStrace !== undefined, noStrace)
  const directory = await temporaryDirectory()
  const service = await startChildService(directory, { UV_THREADPOOL_SIZE: '1' })
  const file = sampleFile(2 * partSize + 5)
  await init(service, file)
  expect(await send(service, file, 0)).toMatchObject({ code: 0 })
  const upload = join(directory, 'uploads', readdirSync(join(directory, 'uploads'))[0] ?? '')
  const second = () => send(service, file, partSize)

  expect(await failing(service, 'fdatasync:error=EIO', upload, second)).toMatchObject({ ...later, codeDesc: 'EIO' })
  expect(await failing(service, 'pwrite64,pwritev:error=ENOSPC', upload, second)).toMatchObject({
    ...later,
    codeDesc: 'ENOSPC',
  })
  const wal = join(directory, 'sluice.db-wal')
  expect(await failing(service, 'fsync,fdatasync:error=EIO', wal, second)).toMatchObject({
    ...later,
    codeDesc: 'SQLITE_IOERR_FSYNC',
  })
  expect(await failing(service, 'pwrite64:error=ENOSPC', wal, second)).toMatchObject({
    ...later,
    codeDesc: 'SQLITE_FULL',
  })

  expect(await second()).toMatchObject({ code: 0 })
  expect(await send(service, file, 2 * partSize)).toMatchObject({ code: 0 })
  expect(await finish(service, file)).toMatchObject({ code: 0 })
  expect(audit(directory)).toEqual([])
})

it('makes the name of an upload durable before its first part, however often that fails', async ({ skip }) => {
  skip(noStrace !== undefined, noStrace)
  const directory = await temporaryDirectory()
  const service = await startChildService(directory)
  const file = sampleFile(partSize)
  await init(service, file)
  for (const attempt of [1, 2, 3]) {
    const answer = await failing(service, 'fsync:error=EIO', join(directory, 'uploads'), () => send(service, file, 0))
    expect(answer, `attempt ${attempt}`).toMatchObject({ ...later, codeDesc: 'EIO' })
  }
  expect(await send(service, file, 0)).toMatchObject({ code: 0 })
  expect(await finish(service, file)).toMatchObject({ code: 0 })
  expect(audit(directory)).toEqual([])
})

it('finishes once, whatever fails on the way', async ({ skip }) => {
  skip(noStrace !== undefined, noStrace)
  const directory = await temporaryDirectory()
  const service = await startChildService(directory)
  const file = sampleFile(partSize)
  await init(service, file)
  await send(service, file, 0)
  const end = () => finish(service, file)
  const uploads = join(directory, 'uploads')
  const wal = join(directory, 'sluice.db-wal')
  const blob = join(uploads, readdirSync(uploads)[0] ?? '')
  expect(await failing(service, 'fsync,fdatasync:error=EIO', wal, end)).toMatchObject(later)
  expect(await failing(service, 'rename:error=EIO', blob, end)).toMatchObject({ ...later, codeDesc: 'EIO' })
  expect(await failing(service, 'fsync:error=EIO', uploads, end)).toMatchObject({ ...later, codeDesc: 'EIO' })
  expect(await failing(service, 'fsync,fdatasync:error=EIO:when=1', wal, end)).toMatchObject(later)
  await service.kill()

  const next = await startChildService(directory)
  expect(await settledAudit(directory)).toEqual([])
  const { fileId } = await finish(next, file)
  expect(await finish(next, file)).toMatchObject({ code: 0, fileId })
  expect(audit(directory)).toEqual([])
})
