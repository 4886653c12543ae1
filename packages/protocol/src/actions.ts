import { limits } from './limits.ts'
import {
  classIdField,
  coverOfField,
  dataSizeField,
  fileNameField,
  fileSizeField,
  fileTypeField,
  flagField,
  integerField,
  md5Field,
  optional,
  type Schema,
  sha1Field,
  tagsField,
  textField,
} from './params.ts'

/** How a call says who it is: `server` signs every request, `ugc` carries one signature per file, `none` needs none. */
export type Family = 'server' | 'ugc'

/** A documented limit of calls a minute and app, and the bucket it is counted in. */
export interface Rate {
  readonly bucket: string
  readonly perMinute: number
}

export interface Action {
  readonly family: Family | 'none'
  readonly methods: readonly ('GET' | 'POST')[]
  /** Whether the body is bytes of a file. Otherwise it is empty, or a form when the query names no Action. */
  readonly bytes: boolean
  readonly rate?: Rate
  readonly params: Schema
}

const bothMethods = ['GET', 'POST'] as const
const postOnly = ['POST'] as const
const initRate = { bucket: 'init', perMinute: limits.initPerMinute } as const
const partRate = { bucket: 'part', perMinute: limits.partsPerMinute } as const
const finishRate = { bucket: 'finish', perMinute: limits.finishPerMinute } as const

const file = {
  fileName: fileNameField,
  fileSha: sha1Field,
  fileSize: fileSizeField,
  fileType: fileTypeField,
  tags: tagsField,
  classId: classIdField,
  isTranscode: flagField,
  isScreenshot: flagField,
  isWatermark: flagField,
  coverOf: coverOfField,
} as const

const part = {
  offset: integerField(0, Number.MAX_SAFE_INTEGER),
  dataSize: integerField(0, limits.maxDataSize),
  dataMd5: md5Field,
} as const

/** The table of actions: what the routes, the clients, the documentation and the completeness test read. */
export const actions = {
  InitUpload: {
    family: 'server',
    methods: bothMethods,
    bytes: false,
    rate: initRate,
    params: { ...file, dataSize: dataSizeField, RequestClient: textField },
  },
  UploadPart: {
    family: 'server',
    methods: postOnly,
    bytes: true,
    rate: partRate,
    params: { fileSha: sha1Field, ...part },
  },
  FinishUpload: {
    family: 'server',
    methods: bothMethods,
    bytes: false,
    rate: finishRate,
    params: { fileSha: sha1Field },
  },
  InitUploadEx: {
    family: 'ugc',
    methods: bothMethods,
    bytes: false,
    rate: initRate,
    params: { fileSize: fileSizeField, dataSize: dataSizeField },
  },
  UploadPartEx: { family: 'ugc', methods: postOnly, bytes: true, rate: partRate, params: part },
  FinishUploadEx: { family: 'ugc', methods: bothMethods, bytes: false, rate: finishRate, params: {} },
  SmallFileUpload: {
    family: 'server',
    methods: postOnly,
    bytes: true,
    rate: initRate,
    params: {
      ...file,
      fileSize: integerField(1, limits.maxSmallFileSize),
      dataSize: integerField(1, limits.maxSmallFileSize),
      dataMd5: optional(md5Field),
    },
  },
  /** Statistics the C# and Java SDKs send after an upload; undocumented. It is logged and never fails. */
  Report: { family: 'none', methods: bothMethods, bytes: false, params: {} },
} as const satisfies Record<string, Action>

export type ActionName = keyof typeof actions

/** Whether a name is one of the table, exactly as written. */
export function isActionName(name: string): name is ActionName {
  return Object.hasOwn(actions, name)
}
