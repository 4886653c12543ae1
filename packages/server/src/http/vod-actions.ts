import {
  type ParamLimits,
  parseParams,
  type VodActionName,
  type VodEnvelope,
  vodActions,
  vodSuccess,
} from '@sluice/protocol'
import type { Caller } from '../auth/authenticate.ts'
import { requireFile } from '../files/describe-files.ts'
import type { FilesDeps } from '../files/files-deps.ts'

export interface VodActionDeps {
  readonly files: FilesDeps
  readonly paramLimits: ParamLimits
}

type VodAnswer = (deps: VodActionDeps, caller: Caller, gone: AbortSignal) => Promise<VodEnvelope>

/** Every action of the table: its parameters read, its work done, its answer made. */
export const vodAnswers: Readonly<Record<VodActionName, VodAnswer>> = {
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
