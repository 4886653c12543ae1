import {
  type ParamLimits,
  type PullAnswer,
  parseParams,
  type VodActionName,
  type VodEnvelope,
  VodError,
  vodActions,
  vodSuccess,
} from '@sluice/protocol'
import type { Caller } from '../auth/authenticate.ts'
import { confirmEvents } from '../events/confirm-events.ts'
import type { EventDeps } from '../events/event-deps.ts'
import { formatHandle } from '../events/event-handle.ts'
import { requireFile } from '../files/describe-files.ts'
import type { FilesDeps } from '../files/files-deps.ts'

export interface VodActionDeps {
  readonly events: EventDeps
  readonly files: FilesDeps
  readonly paramLimits: ParamLimits
}

type VodAnswer = (deps: VodActionDeps, caller: Caller, gone: AbortSignal) => Promise<VodEnvelope>

/** Every action of the table: its parameters read, its work done, its answer made. */
export const vodAnswers: Readonly<Record<VodActionName, VodAnswer>> = {
  async PullEvent({ events }, { app }, gone): Promise<PullAnswer> {
    const { mode, types } = events.settingsOf(app)
    if (mode !== 'reliable')
      throw new VodError('blocked', `eventMode: events of this app are not pulled, it is ${mode}`)
    const pulled = await events.pulls.pull(app.appId, types, gone)
    return vodSuccess({
      eventList: pulled.map(({ content, ...event }) => ({ msgHandle: formatHandle(event), eventContent: content })),
    })
  },

  async ConfirmEvent({ events }, { app, params }) {
    const { msgHandle } = parseParams(vodActions.ConfirmEvent.params, params)
    const left = await confirmEvents(events, app.appId, msgHandle)
    if (left.length > 0) throw new VodError('parameters', `msgHandle: too old or unknown: ${left.join(', ')}`)
    return vodSuccess({})
  },

  async DescribeVodPlayUrls({ files }, { app, params }) {
    const { fileId } = parseParams(vodActions.DescribeVodPlayUrls.params, params)
    const file = await requireFile(files, app.appId, fileId)
    return vodSuccess({ playSet: [playOf(files.urls.file(file))] })
  },
}

/** The original, as a player's list has it: definition 0. */
function playOf(url: string) {
  return { url, definition: 0, vbitrate: 0, vheight: 0, vwidth: 0 }
}
