import { ProtocolError } from '@sluice/protocol'
import { expect, it, onTestFinished } from 'vitest'
import type { Metadata } from '../src/metadata/metadata.ts'
import { appsContract } from './support/contract-apps.ts'
import { changesContract } from './support/contract-changes.ts'
import { classesContract } from './support/contract-classes.ts'
import { eventsContract } from './support/contract-events.ts'
import { filesContract } from './support/contract-files.ts'
import { partsContract } from './support/contract-parts.ts'
import { pullsContract } from './support/contract-pulls.ts'
import { uploadsContract } from './support/contract-uploads.ts'
import {
  addComplete,
  addFile,
  addFinishing,
  coverOf,
  credential,
  eventOf,
  fileOf,
  firstApp,
  hostileTexts,
  part,
  secondApp,
  sha,
  upload,
} from './support/records.ts'

/** What every metadata store promises. `open` connects to the same store again, each test begins with an empty one. */
export function metadataContract(open: () => Promise<Metadata>): void {
  const connect = async () => {
    const metadata = await open()
    onTestFinished(() => metadata.close())
    return metadata
  }
  const openWithApps = async () => {
    const metadata = await connect()
    for (const app of [secondApp, firstApp]) await metadata.addApp(app)
    return metadata
  }
  appsContract(openWithApps)
  uploadsContract(openWithApps)
  partsContract(openWithApps)
  filesContract(openWithApps)
  changesContract(openWithApps)
  classesContract(openWithApps)
  pullsContract(openWithApps)
  eventsContract(openWithApps)

  it('keeps texts as they are', async () => {
    const metadata = await openWithApps()
    for (const [index, text] of hostileTexts.entries()) {
      const fileId = String(100 + index)
      await metadata.putCredential(credential({ secretId: text, secretKey: text }))
      expect(await metadata.findCredential(text)).toMatchObject({ secretId: text, secretKey: text })
      const finishing = await addFinishing(metadata, { fileId, uid: text, fileName: text, tags: [text, text] })
      expect(await metadata.findUpload(finishing)).toEqual(finishing)
      const file = fileOf(finishing, { fileSha: `${text} of the file` })
      await metadata.finishAsFile(file, eventOf(file))
      expect(await metadata.findFileBySha(firstApp.appId, file.fileSha)).toEqual(file)
      expect((await metadata.listEvents({ appId: undefined, limit: 1 }))[0]?.content).toEqual(eventOf(file))
    }
  })

  it('shows a second connection all that the first was told is done', async () => {
    const [writer, reader] = [await openWithApps(), await connect()]
    await writer.putCredential(credential())
    expect(await reader.findCredential('AKID1')).toEqual(credential())
    await writer.addUpload(upload())
    expect(await reader.findUpload(upload())).toEqual(upload())
    await writer.addPart(part(upload(), 0))
    expect(await reader.listParts(upload().fileId)).toHaveLength(1)
    await writer.dropPart(upload().fileId, 0)
    expect(await reader.listParts(upload().fileId)).toEqual([])
    const file = await addFile(writer, { fileId: '2', fileSha: sha('b') })
    expect(await reader.findFile('2')).toEqual(file)
    expect(await reader.listEvents({ appId: undefined, limit: 9 })).toHaveLength(1)
    await writer.dropUpload(upload().fileId, 'open')
    expect(await reader.countUploads()).toBe(0)
  })

  it('goes on where another connection left off', async () => {
    const [one, other] = [await openWithApps(), await connect()]
    const finishing = await addFinishing(one)
    expect(await other.beginFinish(finishing.fileId, { facts: finishing, family: 'ugc', touchedAt: 1 })).toBe(false)
    expect(await other.addPart(part(finishing, 0))).toBe(false)
    const file = fileOf(finishing)
    await other.finishAsFile(file, eventOf(file))
    expect(await one.finishAsFile(file, eventOf(file))).toEqual(file)
    expect(await one.listEvents({ appId: undefined, limit: 9 })).toHaveLength(1)
  })

  it('keeps everything when it is closed and opened again', async () => {
    const before = await openWithApps()
    await before.putCredential(credential())
    const file = await addFile(before)
    const cover = coverOf(await addFinishing(before, { fileId: '2', fileSha: sha('c') }), file.fileId)
    await before.finishAsCover(cover)
    const open1 = await addComplete(before, { fileId: '3', fileSha: sha('d') })
    const finishing = await addFinishing(before, { fileId: '4', fileSha: sha('e') })
    await before.close()

    const metadata = await connect()
    expect(await metadata.listApps()).toEqual([firstApp, secondApp])
    expect(await metadata.listCredentials(firstApp.appId)).toEqual([credential()])
    expect(await metadata.listFiles({ appId: undefined, limit: 9 })).toEqual([{ ...file, coverId: '2' }])
    expect(await metadata.findCover('2')).toEqual(cover)
    expect(await metadata.listUploads('open')).toEqual([open1])
    expect(await metadata.listUploads('finishing')).toEqual([finishing])
    for (const fileId of [file.fileId, '2', '3', '4']) expect(await metadata.listParts(fileId)).toHaveLength(3)
    expect((await metadata.listEvents({ appId: undefined, limit: 9 })).map((event) => event.content)).toEqual([
      eventOf(file),
    ])
  })

  it('names every failure as the protocol does, with its cause', async () => {
    const metadata = await openWithApps()
    await metadata.close()
    const file = fileOf(upload())
    const reads = [
      () => metadata.findUpload(upload()),
      () => metadata.listParts('1'),
      () => metadata.countUploads(),
      () => metadata.whichUploads(['1']),
      () => metadata.listEvents({ appId: undefined, limit: 1 }),
    ]
    const writes = [
      () => metadata.addApp(firstApp),
      () => metadata.addUpload(upload()),
      () => metadata.addPart(part(upload(), 0)),
      () => metadata.dropPart('1', 0),
      () => metadata.finishAsFile(file, eventOf(file)),
    ]
    for (const [calls, expected] of [
      [reads, { code: -10005, canRetry: 1 }],
      [writes, { code: -10004, canRetry: 1 }],
    ] as const) {
      for (const call of calls) {
        const error: unknown = await call().catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(ProtocolError)
        expect(error).toMatchObject({ ...expected, cause: expect.any(Error) })
      }
    }
  })
}
