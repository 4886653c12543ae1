import { readAppSettings } from '@sluice/server'
import { describe, expect, it } from 'vitest'
import { eventSettingsBy } from '../src/events/event-settings.ts'
import { openSqlite } from '../src/metadata/sqlite.ts'
import { changeAppSettings } from '../src/settings/app-settings.ts'
import { firstApp } from './support/records.ts'
import { temporaryDirectory } from './support/service.ts'

const read = (settings: Record<string, string>) => readAppSettings({ settings })
const newest = 'a'.repeat(16)

describe("an app's settings", () => {
  it('have their defaults', () => {
    expect(read({})).toMatchObject({
      ...{ eventMode: 'reliable', eventTypes: undefined, callbackUrl: undefined, callbackPolicy: 'documented' },
      ...{ retryOnHttpError: 'off', callbackSecret: [] },
    })
  })

  it('are the defaults where another version left what means nothing here', () => {
    expect(read({ eventMode: 'push', callbackPolicy: 'persistent', later: '1' })).toEqual({
      ...read({}),
      callbackPolicy: 'persistent',
    })
  })

  it.each([
    ['eventTypes', 'NewFileUpload, FileDeleted', ['NewFileUpload', 'FileDeleted']],
    ['callbackUrl', 'https://example.com:8443/a/b?c=d&e=%20/', 'https://example.com:8443/a/b?c=d&e=%20/'],
    ['callbackUrl', 'http://10.0.0.1', 'http://10.0.0.1'],
    ['callbackSecret', newest, [newest]],
    ['callbackSecret', `${newest},${'b'.repeat(256)}`, [newest, 'b'.repeat(256)]],
  ] as const)('%s=%s', (name, text, value) => {
    expect(read({ [name]: text })[name]).toEqual(value)
  })

  it.each([
    ['eventTypes', 'NewFileUpload FileDeleted'],
    ['callbackUrl', 'example.com/events'],
    ['callbackUrl', 'ftp://example.com/'],
    ['callbackUrl', 'https://user:word@example.com/'],
    ['callbackUrl', 'https://example.com/#part'],
    ['callbackUrl', 'https://example.com/a b'],
    ['callbackPolicy', 'forever'],
    ['retryOnHttpError', 'yes'],
    ['callbackSecret', 'short'],
    ['callbackSecret', `${newest},`],
    ['callbackSecret', [newest, newest, newest].join(',')],
    ['callbackSecret', `${newest} ${newest}`],
  ])('%s may not be "%s"', async (name, text) => {
    const metadata = await openSqlite(await temporaryDirectory())
    await metadata.addApp(firstApp)
    const changed = changeAppSettings(metadata, firstApp.appId, { eventMode: 'off', [name]: text })
    await expect(changed).rejects.toThrow(`${name}: expected `)
    if (name === 'callbackSecret') await expect(changed).rejects.not.toThrow(text)
    expect((await metadata.findApp(firstApp.appId))?.settings).toEqual({})
    await metadata.close()
  })
})

describe("the operator's word on events", () => {
  const url = 'http://127.0.0.1:9/'
  const settingsOf = eventSettingsBy({ appId: 1, mode: 'callback', url, allowPrivate: false })

  it('is for one app, and may lead anywhere', () => {
    expect(settingsOf({ appId: 1, settings: {} })).toMatchObject({ mode: 'callback', url, allowPrivate: true })
    expect(settingsOf({ appId: 2, settings: {} })).toMatchObject({
      mode: 'reliable',
      url: undefined,
      allowPrivate: false,
    })
  })

  it("gives way to the app's own, which leads to public addresses only", () => {
    const own = { eventMode: 'off', callbackUrl: 'http://127.0.0.1:8/' }
    expect(settingsOf({ appId: 1, settings: own })).toMatchObject({
      mode: 'off',
      url: own.callbackUrl,
      allowPrivate: false,
    })
    expect(settingsOf({ appId: 1, settings: { eventMode: 'reliable' } })).toMatchObject({ mode: 'reliable', url })
    const lenient = eventSettingsBy({ appId: 1, mode: 'callback', url, allowPrivate: true })
    expect(lenient({ appId: 2, settings: own })).toMatchObject({ allowPrivate: true })
  })
})
