import type { MediaInfoResult } from 'mediainfo.js'
import type { Media } from '../metadata/metadata.ts'

type Track = NonNullable<MediaInfoResult['media']>['track'][number]

/** Takes what we keep from what MediaInfo says of a file; `undefined` when it found neither sound nor pictures. */
export function mediaOf(tracks: readonly Track[]): Media | undefined {
  const general = tracks.find((track) => track['@type'] === 'General')
  const video = tracks.find((track) => track['@type'] === 'Video')
  const image = tracks.find((track) => track['@type'] === 'Image')
  const audio = tracks.find((track) => track['@type'] === 'Audio')
  const container = nameOf(general?.Format)
  if (container === undefined || !(video ?? image ?? audio)) return undefined
  const facts = {
    container,
    durationS: numberOf(general?.Duration, 1e9),
    bitrate: numberOf(general?.OverallBitRate, 1e12, 0),
    width: numberOf((video ?? image)?.Width, 1e6, 0),
    height: numberOf((video ?? image)?.Height, 1e6, 0),
    rotate: numberOf(video?.Rotation, 359, 0),
    frameRate: numberOf(video?.FrameRate, 1e4),
    videoCodec: nameOf(video?.Format),
    videoBitrate: numberOf(video?.BitRate, 1e12, 0),
    audioCodec: nameOf(audio?.Format),
    audioBitrate: numberOf(audio?.BitRate, 1e12, 0),
    samplingRate: numberOf(audio?.SamplingRate, 1e9, 0),
  }
  const known = Object.entries(facts).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as unknown as Media // container is there, and what is absent was left out
}

/** A number above 0 that can be true, rounded to so many decimals. */
function numberOf(value: unknown, max: number, decimals = 3): number | undefined {
  const number = Math.round(Number(value) * 10 ** decimals) / 10 ** decimals
  return number > 0 && number <= max ? number : undefined
}

/** A name from the parser's table, or four letters from the file itself: nothing that a terminal would obey. */
function nameOf(value: unknown): string | undefined {
  const name =
    typeof value === 'string'
      ? value
          .replace(/[^\x20-\x7e]/g, '')
          .trim()
          .slice(0, 32)
      : ''
  return name === '' ? undefined : name
}
