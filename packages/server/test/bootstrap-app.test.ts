import { bootstrapApp, openSqlite } from '@sluice/server'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryDirectory } from './support/service.ts'

const pair = { appId: 1_300_000_001, secretId: 'AKIDgiven', secretKey: 'given key' }

async function openMetadata() {
  const metadata = await openSqlite(await temporaryDirectory())
  onTestFinished(() => metadata.close())
  return metadata
}

it('makes an app with a key pair of its own when there is none, once', async () => {
  const metadata = await openMetadata()
  const made = await bootstrapApp(metadata, undefined, 1)
  expect(await metadata.findCredential(made?.secretId ?? '')).toMatchObject({ secretKey: made?.secretKey })
  expect(await bootstrapApp(metadata, undefined, 2)).toBeUndefined()
  expect(await metadata.listApps()).toHaveLength(1)
})

it('adds the app of the environment beside those that are there', async () => {
  const metadata = await openMetadata()
  await bootstrapApp(metadata, undefined, 1)
  await bootstrapApp(metadata, pair, 2)
  expect((await metadata.listApps()).map(({ appId }) => appId)).toEqual([1_250_000_001, pair.appId])
  expect(await metadata.findCredential(pair.secretId)).toMatchObject({ appId: pair.appId, expiresAt: null })
})

it('leaves a pair that was rotated out as it is, and takes a new key for it', async () => {
  const metadata = await openMetadata()
  await bootstrapApp(metadata, pair, 1)
  await metadata.rotateCredential({ ...pair, secretId: 'AKIDnext', expiresAt: null, createdAt: 2 }, 3)
  await bootstrapApp(metadata, pair, 4)
  expect(await metadata.findCredential(pair.secretId)).toMatchObject({ secretKey: 'given key', expiresAt: 3 })
  await bootstrapApp(metadata, { ...pair, secretKey: 'another key' }, 5)
  expect(await metadata.findCredential(pair.secretId)).toMatchObject({ secretKey: 'another key', expiresAt: null })
})

it("refuses another app's SecretId, and leaves no app behind", async () => {
  const metadata = await openMetadata()
  await bootstrapApp(metadata, pair, 1)
  await expect(bootstrapApp(metadata, { ...pair, appId: 5 }, 2)).rejects.toThrow('AKIDgiven belongs to app 1300000001')
  expect(await metadata.listApps()).toHaveLength(1)
})
