import { formatChinaTime } from './china-time.ts'
import type { PullAnswer, VodEnvelope } from './vod-answers.ts'

/** A time as the old pages have it: `2017-03-20 16:53:20` by China's clock, or a Date, which becomes that. */
export type ChinaTime = string | Date

interface Call<Params, Members = unknown> {
  readonly params: Readonly<Params>
  readonly answer: VodEnvelope & Readonly<Members>
}

/**
 * What the actions of `vodActions` are given and answer, as callers write and read it. Tests and the compiler keep the
 * names equal to the table's and the answers to what the service makes.
 */
export interface VodCalls {
  /** `priority` is required and changes nothing, nor does `isFlushCdn`. */
  DeleteVodFile: Call<{ fileId: string; priority: 0 | 1 | 2; isFlushCdn?: boolean }>
  ModifyVodInfo: Call<{
    fileId: string
    fileName?: string
    fileIntro?: string
    classId?: number
    /** When the file is to be deleted: Unix seconds, -1 for never. */
    expireTimeStamp?: number
  }>
  /** All parts, or those that `infoFilter` names. */
  GetVideoInfo: Call<
    { fileId: string; infoFilter?: readonly (keyof VideoInfo)[] },
    { [Part in keyof VideoInfo]?: VideoInfo[Part] }
  >
  DescribeVodInfo: Call<
    {
      fileIds?: readonly string[]
      from?: ChinaTime
      to?: ChinaTime
      classId?: number
      status?: string
      /** 0 the oldest first, 1 the newest. */
      orderby?: 0 | 1
      /** From 1. */
      pageNo?: number
      /** 10, the default, to 100. */
      pageSize?: number
    },
    { totalCount: number; fileSet: readonly FileSetItem[] }
  >
  DescribeVodPlayUrls: Call<{ fileId: string }, { playSet: readonly Play[] }>
  /** Files whose name begins with `fileName`. */
  DescribeVodPlayInfo: Call<
    { fileName: string; pageNo?: number; pageSize?: number },
    { totalCount: number; fileSet: readonly PlayInfoItem[] }
  >
  CreateVodTags: Call<{ fileId: string; tags: readonly string[] }>
  DeleteVodTags: Call<{ fileId: string; tags: readonly string[] }>
  /** `parentId` -1, the default, is the top. */
  CreateClass: Call<{ className: string; parentId?: number }, { newClassId: string }>
  DescribeClass: Call<Record<string, never>, { data: readonly ClassItem[] }>
  DescribeAllClass: Call<Record<string, never>, { data: readonly ClassBranch[] }>
  ModifyClass: Call<{ classId: number; className: string }>
  DeleteClass: Call<{ classId: number }>
  /** Has files fetched from elsewhere; each ends in a PullComplete event with its `vod_task_id`. */
  MultiPullVodFile: Call<{ pullset: readonly PullItem[] }, { data: readonly PullTask[] }>
  PullEvent: Call<Record<string, never>, PullAnswer>
  ConfirmEvent: Call<{ msgHandle: readonly string[] }>
}

/** A file to be fetched. */
export interface PullItem {
  readonly url: string
  readonly fileName?: string
  /** MD5 of the whole file, 32 hex digits. */
  readonly fileMd5?: string
  readonly isTranscode?: boolean
  readonly isScreenshot?: boolean
  readonly isWatermark?: boolean
  readonly classId?: number
  /** Separated by commas. */
  readonly tags?: string
}

export interface PullTask {
  readonly source_url: string
  readonly file_id: string
  readonly file_name: string
  readonly vod_task_id: string
}

/** The parts of GetVideoInfo's answer. */
export interface VideoInfo {
  readonly basicInfo: BasicInfo
  /** `rotate` in degrees. */
  readonly metaData: MediaInfo & { readonly rotate: number }
  readonly transcodeInfo: {
    readonly idrAlignment: number
    /** The original alone, as definition 0. */
    readonly transcodeList: readonly (MediaInfo & { readonly url: string; readonly definition: number })[]
  }
}

/** Times are Unix seconds, `expireTime` -1 for never; sizes bytes, durations seconds. */
export interface BasicInfo {
  readonly name: string
  readonly size: number
  readonly duration: number
  readonly description: string
  readonly status: string
  readonly createTime: number
  readonly updateTime: number
  readonly expireTime: number
  readonly classificationId: number
  readonly classificationName: string
  readonly playerId: number
  readonly coverUrl: string
  readonly type: string
  readonly sourceVideoUrl: string
  readonly tags: readonly string[]
}

/** What is known of a video; 0, `''` and no streams where nothing is. */
export interface MediaInfo {
  readonly size: number
  readonly container: string
  readonly md5: string
  readonly duration: number
  readonly bitrate: number
  readonly height: number
  readonly width: number
  readonly videoStreamList: readonly VideoStream[]
  readonly audioStreamList: readonly AudioStream[]
}

export interface VideoStream {
  readonly bitrate: number
  readonly height: number
  readonly width: number
  readonly codec: string
  readonly fps: number
}

export interface AudioStream {
  readonly samplingRate: number
  readonly bitrate: number
  readonly codec: string
}

/** A file of DescribeVodInfo: its numbers are texts, its times China's. */
export interface FileSetItem {
  readonly fileId: string
  readonly fileName: string
  readonly fileIntro: string
  readonly size: string
  readonly duration: string
  readonly status: string
  readonly vid: string
  readonly createTime: string
  readonly updateTime: string
  readonly classId: string
  readonly className: string
  readonly imageUrl: string
  readonly tags: readonly string[]
}

/** A file of DescribeVodPlayInfo. */
export interface PlayInfoItem {
  readonly fileId: string
  readonly fileName: string
  readonly duration: string
  readonly status: string
  readonly imageUrl: string
  readonly playSet: readonly Play[]
}

/** An address to play a file from; definition 0 is the original. */
export interface Play {
  readonly url: string
  readonly definition: number
  readonly vbitrate: number
  readonly vheight: number
  readonly vwidth: number
}

export interface ClassItem {
  readonly id: string
  readonly name: string
  readonly create_time: string
  readonly update_time: string
}

/** A class with those below it. */
export interface ClassBranch {
  readonly info: {
    readonly id: number
    readonly parent_id: number
    readonly name: string
    readonly level: number
    readonly file_num: number
  }
  readonly subclass: readonly ClassBranch[]
}

/**
 * The parameters of a management action as texts: lists are numbered from 0 (`tags.0`, `pullset.0.url`), flags are 0 or
 * 1, Dates are China's time; what is `undefined` is left out.
 */
export function vodTexts(params: object): Record<string, string> {
  return Object.fromEntries(Object.entries(params).flatMap(([name, value]) => pairsOf(name, value)))
}

function pairsOf(name: string, value: unknown): [string, string][] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value.flatMap((item, index) => pairsOf(`${name}.${index}`, item))
  if (value instanceof Date) return [[name, formatChinaTime(value.getTime())]]
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([member, inner]) => pairsOf(`${name}.${member}`, inner))
  }
  return [[name, typeof value === 'boolean' ? String(Number(value)) : String(value)]]
}
