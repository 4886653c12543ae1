import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { type ChildService, startChildService } from './support/child-service.ts'
import { callServer, initParams, offsetsOf, sampleFile, temporaryDirectory } from './support/service.ts'
import { answersIn, connectionOf, type Deeds, deedsIn, expectInOrder, watchedCalls } from './support/steps.ts'
import { noStrace, readSteps, type Step, watching } from './support/strace.ts'

/** Not whole pages long: its end takes another way to the disk than what lies before. */
const video = sampleFile(5 * 524_288 + 12_345)

/** Makes calls to a service on a fresh directory, and tells what it did on the way to each answer. */
async function watch(call: (service: ChildService) => Promise<unknown>): Promise<{ steps: Step[]; directory: string }> {
  const above = await temporaryDirectory()
  const [trace, directory] = [join(above, 'trace'), join(above, 'not', 'there', 'yet')]
  const service = await startChildService(directory, {}, watching(trace, watchedCalls))
  await call(service)
  await service.kill()
  return { steps: await readSteps(trace, service.pid), directory }
}

async function send(service: ChildService, offset: number, bytes = video.bytes.subarray(offset, offset + 524_288)) {
  const dataMd5 = createHash('md5').update(bytes).digest('hex')
  const params = { fileSha: video.fileSha, offset, dataSize: bytes.length, dataMd5 }
  expect(await callServer(service, 'UploadPart', params, { body: bytes })).toMatchObject({ code: 0 })
}

it('makes everything durable before it says so, call by call', { timeout: 60_000 }, async ({ skip }) => {
  skip(noStrace !== undefined, noStrace)
  const offsets = offsetsOf(video)
  const { steps, directory } = await watch(async (service) => {
    await callServer(service, 'InitUpload', initParams(video))
    for (const offset of offsets) await send(service, offset)
    await send(service, 524_288, Buffer.alloc(524_288, 7))
    await send(service, 524_288)
    expect(await callServer(service, 'FinishUpload', { fileSha: video.fileSha })).toMatchObject({ code: 0 })
  })
  const answers = answersIn(steps)
  expect(answers).toHaveLength(1 + offsets.length + 2 + 1)
  const calls = answers.map((answer, index) => {
    const since = answers[index - 1]?.end ?? -1
    const before = steps.filter((step) => step.start > since && step.start < answer.start)
    return { answer: [answer], ...deedsIn(before, directory) }
  })
  const [init, ...others] = calls
  const finish = others.pop()
  const replacements = others.splice(-2)
  if (!init || !finish) return

  // The directories, the database and its first row.
  for (const made of [directory, dirname(directory), dirname(dirname(directory))]) {
    expectInOrder({ 'the directory': deedsIn(steps, dirname(made)).directorySyncs(''), answer: init.answer })
  }
  expectInOrder({ 'the directories of files': init.directorySyncs('/files'), answer: init.answer })
  expectInOrder({ rows: init.rows.slice(-1), 'their sync': init.rowSyncs.slice(-1), answer: init.answer })

  // The parts: the file's name the first time, the bytes, then the row.
  expectInOrder({ "the file's name": others[0]?.directorySyncs('/uploads') ?? [], rows: others[0]?.rows ?? [] })
  for (const { data, dataSyncs, rows, rowSyncs, answer } of others) {
    expectInOrder({ bytes: data, 'their sync': dataSyncs, rows, 'the sync of the rows': rowSyncs, answer })
  }

  // A part that takes another's place: that one's row goes first.
  for (const { data, dataSyncs, rows, rowSyncs, answer } of replacements) {
    const [bytesStart, bytesEnd] = [
      Math.min(...data.map((step) => step.start)),
      Math.max(...data.map((step) => step.end)),
    ]
    expectInOrder({
      'the old row': rows.filter((step) => step.start < bytesStart),
      'its sync': rowSyncs.filter((step) => step.start < bytesStart),
      bytes: data,
      'their sync': dataSyncs,
      'the new row': rows.filter((step) => step.start > bytesEnd),
      'the sync of the new row': rowSyncs.filter((step) => step.start > bytesEnd),
      answer,
    })
  }

  // Finish: the state, the file at its place, then the file's rows.
  const renamedAt = finish.renames[0]?.start ?? 0
  const sealedIn = /"[^"]*\/files\/(\d\d)\/\d+"/.exec(finish.renames[0]?.args ?? '')?.[1]
  expectInOrder({
    state: finish.rowSyncs.filter((step) => step.start < renamedAt),
    'the move': finish.renames,
    'the new place': finish.directorySyncs(`/files/${sealedIn}`),
    'the old place': finish.directorySyncs('/uploads'),
    'the file and its event': finish.rows.filter((step) => step.start > renamedAt),
    'their sync': finish.rowSyncs.filter((step) => step.start > renamedAt),
    answer: finish.answer,
  })
})

it('makes every part durable before it says so, when they come at once', { timeout: 60_000 }, async ({ skip }) => {
  skip(noStrace !== undefined, noStrace)
  const { steps, directory } = await watch(async (service) => {
    await callServer(service, 'InitUpload', initParams(video))
    await Promise.all(offsetsOf(video).map((offset) => send(service, offset)))
  })
  const deeds = deedsIn(steps, directory)
  for (const offset of offsetsOf(video)) {
    const { received, answer } = callAbout(steps, offset)
    const durable = whenDurable(deeds, { start: offset, end: Math.min(offset + 524_288, video.bytes.length) }, received)
    expect(answer, `the answer about the part at ${offset}`).toBeGreaterThan(durable)
  }
})

/** When the call about a part began to be read, and when its answer began to be written. */
function callAbout(steps: readonly Step[], offset: number): { received: number; answer: number } {
  const head = steps.find(
    ({ call, args }) => call === 'read' && new RegExp(`Action=UploadPart&.*&offset=${offset}&`).test(args),
  )
  if (!head) throw new Error(`there was no call about the part at ${offset}`)
  const answer = answersIn(steps).find((step) => step.start > head.end && connectionOf(step) === connectionOf(head))
  return { received: head.end, answer: answer?.start ?? -1 }
}

/** The earliest moment from which a part, received at some time, can be said to be there: bytes, sync, row, sync. */
function whenDurable(deeds: Deeds, range: { start: number; end: number }, received: number): number {
  const bytes = deeds.data.filter((step) => step.start > received && overlaps(step, range))
  expect(
    bytes.reduce((sum, step) => sum + step.result, 0),
    'bytes written',
  ).toBeGreaterThanOrEqual(range.end - range.start)
  const written = Math.max(...bytes.map((step) => step.end))
  return [deeds.dataSyncs, deeds.rows, deeds.rowSyncs].reduce(firstAfter, written)
}

function firstAfter(moment: number, steps: readonly Step[]): number {
  return steps.find((step) => step.start > moment)?.end ?? Number.POSITIVE_INFINITY
}

function overlaps({ args, result }: Step, { start, end }: { start: number; end: number }): boolean {
  const offset = Number(/, (\d+)\)/.exec(args.slice(-60))?.[1])
  return offset < end && offset + result > start
}
