import { readAppSettings } from '@sluice/server/apps'
import { hasLocalStore, withLocalStore } from './local-store.ts'

/** The hotlinkKey of the app that an address names, from SLUICE_HOTLINK_KEY or a service's data on this machine. */
export async function findHotlinkKey({ pathname }: URL): Promise<string | undefined> {
  if (process.env['SLUICE_HOTLINK_KEY']) return process.env['SLUICE_HOTLINK_KEY']
  const appId = appIdOf(pathname)
  if (appId === undefined || !hasLocalStore()) return undefined
  const app = await withLocalStore((metadata) => metadata.findApp(appId))
  return app && readAppSettings(app).hotlinkKey
}

/** The app whose file lies at a path, if it is one of a file. */
export function appIdOf(pathname: string): number | undefined {
  const appId = /\/vod(\d{1,15})\/\d+\/[^/]+$/.exec(pathname)?.[1]
  return appId === undefined ? undefined : Number(appId)
}
