import { expect, it } from 'vitest'
import type { Metadata } from '../../src/metadata/metadata.ts'
import { credential, firstApp, secondApp } from './records.ts'

/** What the records of apps and their key pairs promise. */
export function appsContract(open: () => Promise<Metadata>): void {
  it('adds an app once: what is there stays', async () => {
    const metadata = await open()
    await metadata.addApp({ ...firstApp, verifyKey: 'other', createdAt: 5 })
    expect(await metadata.findApp(firstApp.appId)).toEqual(firstApp)
    expect(await metadata.findApp(1)).toBeUndefined()
    expect(await metadata.listApps()).toEqual([firstApp, secondApp])
  })

  it('disables and enables an app', async () => {
    const metadata = await open()
    expect(await metadata.setAppDisabled(firstApp.appId, 1_490_000_000_000)).toBe(true)
    expect(await metadata.findApp(firstApp.appId)).toEqual({ ...firstApp, disabledAt: 1_490_000_000_000 })
    expect(await metadata.findApp(secondApp.appId)).toEqual(secondApp)
    expect(await metadata.setAppDisabled(firstApp.appId, null)).toBe(true)
    expect(await metadata.findApp(firstApp.appId)).toEqual(firstApp)
    expect(await metadata.setAppDisabled(1, 5)).toBe(false)
  })

  it('replaces the settings of an app', async () => {
    const metadata = await open()
    const settings = { eventMode: 'off', 'of a later version': '"1"' }
    expect(await metadata.setAppSettings(firstApp.appId, settings)).toBe(true)
    expect(await metadata.findApp(firstApp.appId)).toEqual({ ...firstApp, settings })
    expect(await metadata.listApps()).toEqual([{ ...firstApp, settings }, secondApp])
    expect(await metadata.setAppSettings(firstApp.appId, {})).toBe(true)
    expect(await metadata.findApp(firstApp.appId)).toEqual(firstApp)
    expect(await metadata.setAppSettings(1, settings)).toBe(false)
  })

  it('gives a SecretId of the same app another key, and leaves it as old as it is', async () => {
    const metadata = await open()
    expect(await metadata.putCredential(credential())).toBe(true)
    const changed = credential({ secretKey: 'key 2', expiresAt: 9_000 })
    expect(await metadata.putCredential({ ...changed, createdAt: 7_000 })).toBe(true)
    expect(await metadata.findCredential('AKID1')).toEqual(changed)
    expect(await metadata.findCredential('akid1')).toBeUndefined()
  })

  it('leaves a SecretId with the app that has it', async () => {
    const metadata = await open()
    await metadata.putCredential(credential())
    const taken = credential({ appId: secondApp.appId, secretKey: 'mine now' })
    expect(await metadata.putCredential(taken)).toBe(false)
    expect(await metadata.findCredential('AKID1')).toEqual(credential())
    expect(await metadata.listCredentials(secondApp.appId)).toEqual([])
  })

  it('gives a SecretId to one app only when several ask at once', async () => {
    const metadata = await open()
    const asked = [firstApp, secondApp, firstApp, secondApp].map(({ appId }) => credential({ appId }))
    const answers = await Promise.all(asked.map((each) => metadata.putCredential(each)))
    const owner = (await metadata.findCredential('AKID1'))?.appId
    expect(answers).toEqual(asked.map(({ appId }) => appId === owner))
  })

  it('takes no key pair of an app that is not there', async () => {
    const metadata = await open()
    await expect(metadata.putCredential(credential({ appId: 1 }))).rejects.toMatchObject({ errorName: 'writeFailed' })
  })

  it('lists key pairs, the oldest first', async () => {
    const metadata = await open()
    const pairs = [3_000, 1_000, 2_000].map((createdAt) => credential({ secretId: `AKID${createdAt}`, createdAt }))
    for (const pair of pairs) await metadata.putCredential(pair)
    await metadata.putCredential(credential({ secretId: 'other', appId: secondApp.appId }))
    expect((await metadata.listCredentials(firstApp.appId)).map((pair) => pair.createdAt)).toEqual([
      1_000, 2_000, 3_000,
    ])
  })

  it('lets the other key pairs end when one is rotated in', async () => {
    const metadata = await open()
    await metadata.putCredential(credential({ secretId: 'endless' }))
    await metadata.putCredential(credential({ secretId: 'later', expiresAt: 9_000 }))
    await metadata.putCredential(credential({ secretId: 'sooner', expiresAt: 3_000 }))
    await metadata.putCredential(credential({ secretId: 'foreign', appId: secondApp.appId }))
    await metadata.rotateCredential(credential({ secretId: 'new', createdAt: 4_000 }), 5_000)

    const expiries = await Promise.all(
      ['endless', 'later', 'sooner', 'foreign', 'new'].map(
        async (id) => (await metadata.findCredential(id))?.expiresAt,
      ),
    )
    expect(expiries).toEqual([5_000, 5_000, 3_000, null, null])
  })

  it('rotates wholly or not at all', async () => {
    const metadata = await open()
    await metadata.putCredential(credential({ secretId: 'mine' }))
    await metadata.putCredential(credential({ secretId: 'foreign', appId: secondApp.appId }))
    await expect(metadata.rotateCredential(credential({ secretId: 'foreign' }), 5_000)).rejects.toMatchObject({
      errorName: 'writeFailed',
    })
    expect(await metadata.findCredential('mine')).toEqual(credential({ secretId: 'mine' }))
  })
}
