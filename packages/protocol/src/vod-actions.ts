import { limits } from './limits.ts'
import {
  fileIdField,
  fileNameField,
  flagField,
  handlesField,
  integerField,
  optional,
  type Schema,
  textField,
} from './params.ts'
import { pullSetField } from './pull-set.ts'
import {
  chinaTimeField,
  expireField,
  fileIntroField,
  integerOr,
  listField,
  nameField,
  newTagsField,
  oldTagsField,
  parentIdField,
} from './vod-params.ts'

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
const classId = integerField(0, limits.maxId)
const className = nameField(limits.maxClassName)
const pageNo = integerOr(1, 1, 1_000_000)

/** The table of management actions: what the routes, the documentation and the completeness test read. */
export const vodActions = {
  DeleteVodFile: {
    reads: false,
    perMinute,
    params: { fileId: fileIdField, priority: integerField(0, 2), isFlushCdn: flagField },
  },
  ModifyVodInfo: {
    reads: false,
    perMinute,
    params: {
      fileId: fileIdField,
      fileName: optional(fileNameField),
      fileIntro: fileIntroField,
      classId: optional(classId),
      expireTimeStamp: expireField,
    },
  },
  GetVideoInfo: {
    reads: true,
    perMinute,
    params: {
      fileId: fileIdField,
      infoFilter: listField(0, 20, /^[A-Za-z]{1,40}$/, 'the name of a part of the answer'),
    },
  },
  DescribeVodInfo: {
    reads: true,
    perMinute,
    params: {
      fileIds: listField(0, 100, /^\d{1,20}$/, 'the id of a file'),
      from: chinaTimeField,
      to: chinaTimeField,
      classId: optional(classId),
      status: textField,
      orderby: integerOr(0, 0, 1),
      pageNo,
      pageSize: integerOr(limits.minPageSize, limits.minPageSize, limits.maxPageSize),
    },
  },
  DescribeVodPlayUrls: { reads: true, perMinute, params: { fileId: fileIdField } },
  DescribeVodPlayInfo: {
    reads: true,
    perMinute,
    params: { fileName: nameField(1_000), pageNo, pageSize: integerOr(limits.minPageSize, 1, limits.maxPageSize) },
  },
  CreateVodTags: { reads: false, perMinute, params: { fileId: fileIdField, tags: newTagsField } },
  DeleteVodTags: { reads: false, perMinute, params: { fileId: fileIdField, tags: oldTagsField } },
  CreateClass: { reads: false, perMinute, params: { className, parentId: parentIdField } },
  DescribeClass: { reads: true, perMinute, params: {} },
  DescribeAllClass: { reads: true, perMinute, params: {} },
  ModifyClass: { reads: false, perMinute, params: { classId, className } },
  DeleteClass: { reads: false, perMinute, params: { classId } },
  MultiPullVodFile: { reads: false, perMinute, params: { pullset: pullSetField } },
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
