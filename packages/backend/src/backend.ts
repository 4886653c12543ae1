import type { AppEvent, VodActionName, VodCalls } from '@sluice/protocol'
import { type CallOptions, call } from './call.ts'
import { type BackendOptions, readOptions } from './connection.ts'
import { type EventsOptions, events, type HandleOptions, handleEvents } from './events.ts'
import { signUpload, type UploadGrant } from './sign-upload.ts'

/** An app's side of the service, with its credentials. Holds nothing open. */
export interface Backend {
  /** Signs a user's upload of one file. Throws `argument` for values that the service would refuse. */
  signUpload(grant: UploadGrant): string
  /** Calls a management action. Rejects with a BackendError, or the signal's reason. */
  call<Action extends VodActionName>(
    action: Action,
    params: VodCalls[Action]['params'],
    options?: CallOptions,
  ): Promise<VodCalls[Action]['answer']>
  /** The app's events, one after the other; each is confirmed when the loop comes back for the next. */
  events(options?: EventsOptions): AsyncGenerator<AppEvent, void, undefined>
  /** Hands each event to `handle`, several at a time, and confirms those it resolves for. */
  handleEvents(handle: (event: AppEvent) => Promise<void> | void, options?: HandleOptions): Promise<void>
}

/** Makes an app's side of the service. Throws `argument` naming the option that is wrong. */
export function createBackend(options: BackendOptions): Backend {
  const connection = readOptions(options)
  return {
    signUpload: (grant) => signUpload(connection, grant),
    call: (action, params, options) => call(connection, action, params, options),
    events: (options) => events(connection, options),
    handleEvents: (handle, options) => handleEvents(connection, handle, options),
  }
}
