import { limits } from './limits.ts'
import { fileIdField, handlesField, type Schema } from './params.ts'

/** An action of the management API. Every one is signed as a call of the server family, by GET or by a form. */
export interface VodAction {
  /** Whether it changes nothing, so that the very same request may be answered again. */
  readonly reads: boolean
  /** The documented limit of calls a minute and app; each action has a count of its own. */
  readonly perMinute: number
  /** Names that earlier pages have for it. */
  readonly aliases?: readonly string[]
  readonly params: Schema
}

const perMinute = limits.vodPerMinute

/** The table of management actions: what the routes, the documentation and the completeness test read. */
export const vodActions = {
  DescribeVodPlayUrls: { reads: true, perMinute, params: { fileId: fileIdField } },
  /** Takes events, and so is no read: the same request again would take others. */
  PullEvent: { reads: false, perMinute: limits.eventsPerMinute, aliases: ['PullVodEvent'], params: {} },
  ConfirmEvent: {
    reads: false,
    perMinute: limits.eventsPerMinute,
    aliases: ['ConfirmVodEvent'],
    params: { msgHandle: handlesField },
  },
} as const satisfies Record<string, VodAction>

export type VodActionName = keyof typeof vodActions

/** The action of a name as it came, which may be an older one; `undefined` when it is none of the table. */
export function vodActionNamed(name: string): VodActionName | undefined {
  return byName.get(name)
}

const byName = new Map(
  (Object.entries(vodActions) as [VodActionName, VodAction][]).flatMap(([action, { aliases = [] }]) =>
    [action, ...aliases].map((name) => [name, action] as const),
  ),
)

/** Names of the old service's management API that have nothing to do here: calls of them are told so, with 6100. */
const elsewhere = new Set([
  'BanningVod',
  'ClipVideo',
  'ConcatVideo',
  'ConvertVodFile',
  'CreateImageSprite',
  'CreateSnapshotByTimeOffset',
  'DescribeDrmDataKey',
  'DescribeVodCover',
  'DescribeVodStorage',
  'GetTaskInfo',
  'GetTaskList',
  'ProcessFile',
  'RedoTask',
  'RunProcedure',
])

/** Whether a name is of the old management API, but none that is answered here. */
export function isVodActionElsewhere(name: string): boolean {
  return elsewhere.has(name)
}
