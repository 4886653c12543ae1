import { signPlayUrl } from '@sluice/backend'
import { openSqlite } from '@sluice/server'
import { changeAppSettings } from '@sluice/server/apps'
import { expect, it, onTestFinished } from 'vitest'
import { sampleFile, startTestService, uploadWhole } from '../../server/test/support/service.ts'

const key = '24FEQmTzro4V5u3D5epW'

it('a protected file plays at a signed address, until that expires', async () => {
  const service = await startTestService()
  const metadata = await openSqlite(service.directory)
  onTestFinished(() => metadata.close())
  await changeAppSettings(metadata, 1_251_000_001, { hotlinkKey: key })
  const again = await service.restart()
  const { url = '' } = await uploadWhole(again, sampleFile(1_000))
  const nowS = Math.floor(again.now() / 1000)
  const statusAt = async (address: string) => (await fetch(address)).status

  expect(await statusAt(url)).toBe(403)
  const signed = signPlayUrl(url, { key, nowS, validS: 60, maxAddresses: 1 })
  expect(await statusAt(signed)).toBe(200)
  expect(await statusAt(signPlayUrl(url, { key: 'anotherKey', nowS }))).toBe(403)
  again.advance(60_000 + 301_000)
  expect(await statusAt(signed)).toBe(403)
})

it('names what is wrong', () => {
  const refusal = (name: string) =>
    expect.objectContaining({ code: 'argument', message: expect.stringContaining(name) })
  expect(() => signPlayUrl('f0.mp4', { key })).toThrow(refusal('address'))
  expect(() => signPlayUrl('http://a/b/f0.mp4?t=1', { key })).toThrow(refusal('address'))
  expect(() => signPlayUrl('http://a/b/f0.mp4', { key: '' })).toThrow(refusal('key'))
  for (const name of ['validS', 'previewS', 'maxAddresses']) {
    for (const value of [0, 1.5, Number.NaN]) {
      expect(() => signPlayUrl('http://a/b/f0.mp4', { key, [name]: value })).toThrow(refusal(name))
    }
  }
})
