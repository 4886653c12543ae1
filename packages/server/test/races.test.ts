import { createHash } from 'node:crypto'
import type { ProtocolError } from '@sluice/protocol'
import { expect, it } from 'vitest'
import type { Blobs } from '../src/blobs/blobs.ts'
import type { Metadata } from '../src/metadata/metadata.ts'
import { expireUploads } from '../src/uploads/expire-uploads.ts'
import { type PartBody, uploadPart } from '../src/uploads/upload-part.ts'
import { audit } from './support/audit.ts'
import { app, bodyOf, openEngine, type Ports } from './support/engine.ts'
import { allOf, engineClient } from './support/engine-client.ts'
import { type Gate, gate } from './support/gate.ts'
import { sampleFile, temporaryDirectory } from './support/service.ts'

const video = sampleFile(4 * 4096 + 1000, 1)
const key = { appId: app.appId, uid: '', fileSha: video.fileSha }
const other = sampleFile(4096, 3).bytes
const otherMd5 = createHash('md5').update(other).digest('hex')

/** Lets writes of these very bytes wait at a gate before they reach the disk. */
function holdWrites(held: Uint8Array, { pass }: Gate): (ports: Ports) => Ports {
  return ({ metadata, blobs }) => {
    const writePart: Blobs['writePart'] = async (fileId, offset, bytes) => {
      if (Buffer.compare(bytes, held) === 0) await pass()
      return blobs.writePart(fileId, offset, bytes)
    }
    return { metadata, blobs: wrapped(blobs, { writePart }) }
  }
}

/** A port with some of its methods replaced. */
function wrapped<Port extends object>(port: Port, replaced: Partial<Port>): Port {
  const get = (target: Port, name: string | symbol) => {
    const method: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name)
    return typeof method === 'function' ? method.bind(target) : method
  }
  return new Proxy(port, { get })
}

it('keeps a part that was cut for the old part size away from those of the new one', async () => {
  const directory = await temporaryDirectory()
  const writing = gate()
  const engine = await openEngine(directory, { around: holdWrites(other, writing) })
  const small = engineClient(engine, video, { dataSize: 4096 })
  const large = engineClient(engine, video, { dataSize: 8192 })

  await small.init()
  const late = small.part(4096, other).catch((error: unknown) => error)
  await writing.reached
  expect(await large.init()).toEqual({ kind: 'new', dataSize: 8192 })
  await allOf(large.offsets.map((offset) => large.part(offset)))
  writing.open()
  expect(await late).toMatchObject({ errorName: 'stateMissing' })

  await large.finish()
  expect(audit(directory)).toEqual([])
  await engine.close()
})

it('never drops a part of the new part size for one of the old', async () => {
  const directory = await temporaryDirectory()
  const arriving = gate()
  const engine = await openEngine(directory)
  const small = engineClient(engine, video, { dataSize: 4096 })
  const large = engineClient(engine, video, { dataSize: 8192 })

  await small.init()
  const body: PartBody = {
    async read(length) {
      await arriving.pass()
      return bodyOf(engine, other).read(length)
    },
  }
  const part = { ...key, offset: 0, dataSize: 4096, dataMd5: otherMd5 }
  const late = uploadPart(engine, part, body).catch((error: unknown) => error)
  await arriving.reached
  await large.init()
  await allOf(large.offsets.map((offset) => large.part(offset)))
  arriving.open()
  expect(await late).toMatchObject({ errorName: 'stateMissing' })

  await large.finish()
  expect(audit(directory)).toEqual([])
  await engine.close()
})

it('does not begin to finish while a part is being replaced', async () => {
  const directory = await temporaryDirectory()
  const writing = gate()
  let replace = async () => {}
  const engine = await openEngine(directory, {
    around: (ports) => {
      const { metadata, blobs } = holdWrites(other, writing)(ports)
      const beginFinish: Metadata['beginFinish'] = async (fileId, change) => {
        await replace()
        return metadata.beginFinish(fileId, change)
      }
      return { blobs, metadata: wrapped(metadata, { beginFinish }) }
    },
  })
  const client = engineClient(engine, video)
  await client.init()
  await allOf(client.offsets.map((offset) => client.part(offset)))

  // Finish finds the upload there; before it goes on, one of its parts gives way to other bytes.
  let replacing: Promise<void> | undefined
  replace = async () => {
    replacing ??= client.part(4096, other)
    await writing.reached
  }
  await expect(client.finish()).rejects.toMatchObject({ code: -10005, canRetry: 0 })
  writing.open()
  await replacing
  expect(client.acknowledged.get(4096)).toBe(otherMd5)

  await client.part(4096)
  const { fileId } = await client.finish()
  expect(await engine.metadata.findFileBySha(app.appId, video.fileSha)).toMatchObject({ fileId })
  expect(audit(directory)).toEqual([])
  await engine.close()
})

it('answers a small file that is there, whatever Init answers for it', async () => {
  for (const server of ['auto', 'resume', 'code2', 'off'] as const) {
    const engine = await openEngine(await temporaryDirectory(), { instantUpload: { server } })
    const client = engineClient(engine, video, { dataSize: 2 ** 20 })
    await client.init()
    await client.part(0)
    const { fileId } = await client.finish()
    const image = engineClient(engine, sampleFile(3000, 2))
    const cover = await image.cover(fileId)
    expect(await image.cover(fileId).catch((error: ProtocolError) => error), server).toEqual(cover)
    await engine.close()
  }
})

it('does not take the bytes of a file that is finished while its upload expires', async () => {
  const directory = await temporaryDirectory()
  let sealFails = true
  let finishMeanwhile = async () => {}
  const engine = await openEngine(directory, {
    around: ({ metadata, blobs }) => {
      const seal: Blobs['seal'] = async (fileId) => {
        if (sealFails) throw new Error('not now')
        return blobs.seal(fileId)
      }
      const listExpired: Metadata['listExpired'] = async (before, limit) => {
        const expired = await metadata.listExpired(before, limit)
        await finishMeanwhile()
        return expired
      }
      return { metadata: wrapped(metadata, { listExpired }), blobs: wrapped(blobs, { seal }) }
    },
  })
  const client = engineClient(engine, video)
  await client.init()
  await allOf(client.offsets.map((offset) => client.part(offset)))
  await expect(client.finish()).rejects.toThrow('not now') // leaves the upload finishing

  sealFails = false
  let fileId = ''
  finishMeanwhile = async () => {
    fileId ||= (await client.finish()).fileId
  }
  await expireUploads({ ...engine, uploadTtlMs: -60_000 })
  const blob = await engine.blobs.open(fileId)
  expect(blob?.size).toBe(video.bytes.length)
  await blob?.close()
  await engine.close()
})
