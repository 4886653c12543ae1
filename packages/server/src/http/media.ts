import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Blobs } from '../blobs/blobs.ts'
import type { FileUrls } from '../files/file-url.ts'
import type { Metadata } from '../metadata/metadata.ts'
import { readableByPages, replyPreflight } from './cors.ts'
import { mediaHeaders } from './media-types.ts'
import { type Playable, type PlayRuleDeps, rulePlay } from './play-rules.ts'
import { readRange } from './ranges.ts'
import { replyText } from './reply.ts'

export interface MediaDeps extends PlayRuleDeps {
  readonly metadata: Pick<Metadata, 'findFile' | 'findCover'>
  readonly blobs: Pick<Blobs, 'open'>
  readonly urls: FileUrls
  /** Longest time a player may take nothing, in milliseconds; it asks again for the rest. */
  readonly idleMs: number
}

/** A stored file or cover, as playback sees it. */
interface Medium extends Playable {
  readonly fileId: string
  readonly fileSha: string
  readonly fileType: string
  readonly createdAt: number
}

const playableByPages = {
  ...readableByPages,
  'Access-Control-Expose-Headers': 'Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified',
}

/**
 * Serves a file at `/vod<appId>/<fileId>/f0.<type>` or a cover beside it; anything that is not such an address is 404, and
 * what the app's rules do not let through is 403.
 */
export async function handleMedia(
  deps: MediaDeps,
  request: IncomingMessage,
  response: ServerResponse,
  target: { readonly path: string; readonly query: string },
): Promise<void> {
  const { method, headers } = request
  if (method === 'OPTIONS') return replyPreflight(request, response, 'GET, HEAD, OPTIONS')
  if (method !== 'GET' && method !== 'HEAD') {
    return replyText(response, 405, 'method not allowed\n', { ...playableByPages, Allow: 'GET, HEAD, OPTIONS' })
  }
  const medium = await findMedium(deps, target.path)
  const ruling = medium && (await rulePlay(deps, request, target, medium))
  if (ruling?.refusal !== undefined) {
    return replyText(response, 403, `${ruling.refusal}\n`, { ...playableByPages, 'Cache-Control': 'no-store' })
  }
  const blob = medium && (await deps.blobs.open(medium.fileId))
  if (!medium || !ruling || !blob) return replyText(response, 404, 'not found\n', playableByPages)
  try {
    const etag = `"${medium.fileSha}"`
    const modified = new Date(Math.floor(medium.createdAt / 1000) * 1000)
    const common = {
      ...playableByPages,
      'Accept-Ranges': 'bytes',
      'Cache-Control': ruling.protected ? 'private, no-cache' : 'public, max-age=3600',
      ETag: etag,
      'Last-Modified': modified.toUTCString(),
    }
    if (isUnchanged(headers, etag, modified)) {
      response.writeHead(304, common).end()
      return
    }
    // Ranges are defined for GET alone (RFC 9110, section 14.2).
    const ranged = method === 'GET' && rangeHolds(headers['if-range'], etag, modified)
    const range = ranged ? readRange(headers.range, blob.size) : 'whole'
    if (range === 'unsatisfiable') {
      return replyText(response, 416, 'range not satisfiable\n', { ...common, 'Content-Range': `bytes */${blob.size}` })
    }
    const { start, end } = range === 'whole' ? { start: 0, end: blob.size - 1 } : range
    response.writeHead(range === 'whole' ? 200 : 206, {
      ...common,
      ...mediaHeaders(medium.fileType),
      'Content-Length': end - start + 1,
      ...(range === 'whole' ? {} : { 'Content-Range': `bytes ${start}-${end}/${blob.size}` }),
    })
    if (method === 'HEAD') {
      response.end()
      return
    }
    response.setTimeout(deps.idleMs, () => response.destroy())
    await pipeline(blob.stream(start, end), response)
  } finally {
    await blob.close()
  }
}

/** Finds what an address names. Only the exact address counts: app, file and type must all be the stored ones. */
async function findMedium({ metadata, urls }: MediaDeps, path: string): Promise<Medium | undefined> {
  const match = /^\/vod(\d{1,15})\/(\d{1,20})\/(f0|\d{1,20})\.([A-Za-z0-9]{1,16})$/.exec(path)
  if (!match) return undefined
  const [, appId, fileId = '', name = '', fileType] = match
  const matches = (found: { appId: number; fileType: string }) =>
    String(found.appId) === appId && found.fileType === fileType
  if (name === 'f0') {
    const file = await metadata.findFile(fileId)
    if (!file || !matches(file)) return undefined
    const durationS = typeof file.media === 'object' ? file.media.durationS : undefined
    return { ...file, url: urls.file(file), durationS }
  }
  const cover = await metadata.findCover(name)
  if (cover?.fileId !== fileId || !matches(cover)) return undefined
  return { ...cover, fileId: cover.coverId, url: urls.cover(cover), durationS: 0 }
}

/** If-None-Match counts before If-Modified-Since (RFC 9110, section 13.2.2). */
function isUnchanged(headers: IncomingMessage['headers'], etag: string, modified: Date): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined) {
    return tags.trim() === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
  }
  const since = Date.parse(headers['if-modified-since'] ?? '')
  return modified.getTime() <= since
}

/** If-Range: the range counts only while the file is the one the client has the rest of. */
function rangeHolds(validator: string | string[] | undefined, etag: string, modified: Date): boolean {
  if (validator === undefined) return true
  const text = String(validator).trim()
  return text === etag || Date.parse(text) === modified.getTime()
}
