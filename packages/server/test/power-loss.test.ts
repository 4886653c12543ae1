import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type ChildService, startChildService } from './support/child-service.ts'
import {
  type Answer,
  callServer,
  initParams,
  offsetsOf,
  type SampleFile,
  sampleFile,
  temporaryDirectory,
} from './support/service.ts'
import { noStrace, readSteps, type Step, watching } from './support/strace.ts'

const writes = ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg']
const syncs = ['fdatasync', 'fsync']
const renames = ['rename', 'renameat', 'renameat2']
const watched = [...writes, ...syncs, ...renames, 'read', 'mkdir']

/** Not whole pages long: its end goes another way to the disk than what lies before. */
const video = sampleFile(5 * 524_288 + 12_345)
const other = Buffer.alloc(524_288, 7)

/** Runs calls against a service whose system calls are watched. */
async function watch(call: (service: ChildService) => Promise<void>): Promise<{ steps: Step[]; directory: string }> {
  const directory = await temporaryDirectory()
  const trace = join(directory, 'trace')
  const data = join(directory, 'some', 'where', 'data')
  const service = await startChildService(data, {}, watching(trace, watched))
  await call(service)
  await service.kill()
  return { steps: await readSteps(trace, service.pid), directory: data }
}

function part(
  service: ChildService,
  file: SampleFile,
  offset: number,
  body = file.bytes.subarray(offset, offset + 524_288),
): Promise<Answer> {
  const { md5 } = sampleFileOf(body)
  const params = { fileSha: file.fileSha, offset, dataSize: body.length, dataMd5: md5(0, body.length) }
  return callServer(service, 'UploadPart', params, { body })
}
