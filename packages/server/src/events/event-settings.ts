import type { App } from '../metadata/metadata.ts'
import { type AppSettings, readAppSettings } from '../settings/app-settings.ts'

/** How an app's events reach it. */
export interface EventSettings {
  readonly mode: AppSettings['eventMode']
  /** Names of the types that count; `undefined` for all. */
  readonly types: AppSettings['eventTypes']
  readonly url: string | undefined
  /** Whether the URL may lead to this machine or its network. */
  readonly allowPrivate: boolean
  readonly policy: AppSettings['callbackPolicy']
  readonly retryOnHttpError: boolean
  /** The newest first; none when callbacks are not signed. */
  readonly secrets: readonly string[]
}

/** What the operator says of events in the environment. */
export interface OperatorsWord {
  /** The app that mode and URL are for, unless it has its own. */
  readonly appId: number
  readonly mode: AppSettings['eventMode']
  readonly url: string | undefined
  /** Whether apps' own URLs may lead to this machine or its network. */
  readonly allowPrivate: boolean
}

/** Makes the reader of an app's event settings. A URL of the operator's own may lead anywhere. */
export function eventSettingsBy(operator: OperatorsWord): (app: Pick<App, 'appId' | 'settings'>) => EventSettings {
  return ({ appId, settings }) => {
    const own = readAppSettings({ settings })
    const isOperators = appId === operator.appId
    const hasOwnUrl = own.callbackUrl !== undefined
    return {
      mode: isOperators && settings['eventMode'] === undefined ? operator.mode : own.eventMode,
      types: own.eventTypes,
      url: hasOwnUrl || !isOperators ? own.callbackUrl : operator.url,
      allowPrivate: operator.allowPrivate || (isOperators && !hasOwnUrl),
      policy: own.callbackPolicy,
      retryOnHttpError: own.retryOnHttpError === 'on',
      secrets: own.callbackSecret,
    }
  }
}
