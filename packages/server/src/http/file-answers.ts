import { formatChinaTime } from '@sluice/protocol'
import type { ClassTree } from '../files/classes.ts'
import type { DescribedFile } from '../files/describe-files.ts'
import type { FileClass, Media } from '../metadata/metadata.ts'

/** Every file that is there can be played; the older actions have that as a number in a text. */
const normal = { status: 'normal', statusText: '2' } as const

/** What a probe found in a file, as these actions say it: 0 for what is not known, and then no streams. */
function mediaOf({ file: { media } }: DescribedFile) {
  const known: Partial<Media> = typeof media === 'object' ? media : {}
  const { durationS = 0, bitrate = 0, height = 0, width = 0, rotate = 0 } = known
  const { videoCodec, videoBitrate = 0, frameRate = 0, audioCodec, audioBitrate = 0, samplingRate = 0 } = known
  const video = { bitrate: videoBitrate, height, width, codec: codecName(videoCodec), fps: Math.round(frameRate) }
  const audio = { samplingRate, bitrate: audioBitrate, codec: codecName(audioCodec) }
  return {
    duration: Math.round(durationS),
    bitrate,
    height,
    width,
    rotate,
    videoStreamList: videoCodec === undefined ? [] : [video],
    audioStreamList: audioCodec === undefined ? [] : [audio],
  }
}

/** Codecs by FFmpeg's names, which the old service had, where MediaInfo has another. */
const codecNames: Readonly<Record<string, string>> = {
  AVC: 'h264',
  HEVC: 'hevc',
  'MPEG-4 Visual': 'mpeg4',
  'MPEG Audio': 'mp3',
}

function codecName(name = ''): string {
  return codecNames[name] ?? name.toLowerCase()
}

/** GetVideoInfo, part by part. */
export const infoParts = {
  basicInfo: (described: DescribedFile) => {
    const { file, url, coverUrl, classId, className } = described
    return {
      name: file.fileName,
      size: file.fileSize,
      duration: mediaOf(described).duration,
      description: file.description,
      status: normal.status,
      createTime: unixSeconds(file.createdAt),
      updateTime: unixSeconds(file.updatedAt),
      expireTime: file.expireAt === null ? -1 : unixSeconds(file.expireAt),
      classificationId: classId,
      classificationName: className,
      playerId: 0,
      coverUrl,
      type: file.fileType,
      sourceVideoUrl: url,
      tags: file.tags,
    }
  },

  metaData: (described: DescribedFile) => {
    const { duration, ...media } = mediaOf(described)
    const { fileSize: size, fileType: container } = described.file
    return { size, container, md5: '', duration, ...media }
  },

  /** The original alone, as definition 0. */
  transcodeInfo: (described: DescribedFile) => {
    const { duration, rotate: _, ...media } = mediaOf(described)
    const { fileSize: size, fileType: container } = described.file
    const original = { url: described.url, definition: 0, size, container, md5: '', duration, ...media }
    return { idrAlignment: 0, transcodeList: [original] }
  },
} as const

/** An element of DescribeVodInfo's fileSet: its numbers are texts. */
export function fileSetItem(described: DescribedFile) {
  const { file, coverUrl, classId, className } = described
  return {
    fileId: file.fileId,
    fileName: file.fileName,
    fileIntro: file.description,
    size: String(file.fileSize),
    duration: String(mediaOf(described).duration),
    status: normal.statusText,
    vid: file.fileId,
    createTime: formatChinaTime(file.createdAt),
    updateTime: formatChinaTime(file.updatedAt),
    classId: String(classId),
    className,
    imageUrl: coverUrl,
    tags: file.tags,
  }
}

/** An element of DescribeVodPlayInfo's fileSet. */
export function playInfoItem(described: DescribedFile) {
  const { file, coverUrl } = described
  return {
    fileId: file.fileId,
    fileName: file.fileName,
    duration: String(mediaOf(described).duration),
    status: normal.statusText,
    imageUrl: coverUrl,
    playSet: playSet(described),
  }
}

/** What a player can choose from: the original alone, as definition 0. */
export function playSet(described: DescribedFile) {
  const { bitrate, height, width } = mediaOf(described)
  return [{ url: described.url, definition: 0, vbitrate: bitrate, vheight: height, vwidth: width }]
}

/** An element of DescribeClass: its id is a text. */
export function classItem({ classId, name, createdAt, updatedAt }: Omit<FileClass, 'appId' | 'parentId'>) {
  return {
    id: String(classId),
    name,
    create_time: formatChinaTime(createdAt),
    update_time: formatChinaTime(updatedAt),
  }
}

interface ClassAnswer {
  readonly info: { id: number; parent_id: number; name: string; level: number; file_num: number }
  readonly subclass: ClassAnswer[]
}

/** An element of DescribeAllClass: its ids are numbers. */
export function classAnswer({ classId, parentId, name, level, fileCount, below }: ClassTree): ClassAnswer {
  const info = { id: classId, parent_id: parentId, name, level, file_num: fileCount }
  return { info, subclass: below.map(classAnswer) }
}

function unixSeconds(at: number): number {
  return Math.floor(at / 1000)
}
