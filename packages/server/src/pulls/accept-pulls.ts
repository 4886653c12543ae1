import { randomBytes } from 'node:crypto'
import { limits, type PullSource, VodError } from '@sluice/protocol'
import { newFileId } from '../files/file-id.ts'
import type { Pull } from '../metadata/metadata.ts'
import type { PullDeps } from './pull-deps.ts'

/**
 * Takes note of files to fetch, all of them or none. Throws `watermark` (1163) when one is to have a watermark, and
 * `pullsWaiting` (1018) when too many of the app wait.
 */
export async function acceptPulls(deps: PullDeps, appId: number, sources: readonly PullSource[]): Promise<Pull[]> {
  const marked = sources.findIndex(({ watermark }) => watermark)
  if (marked >= 0) throw new VodError('watermark', `pullset: no watermark is configured, entry ${marked} asks for one`)
  const pulls = sources.map((source) => newPull(appId, source, deps.now()))
  if (deps.workers === 0 || !(await deps.metadata.addPulls(pulls, deps.maxWaiting))) {
    throw new VodError('pullsWaiting', `at most ${deps.workers === 0 ? 0 : deps.maxWaiting} files of an app may wait`)
  }
  return pulls
}

function newPull(appId: number, { url, fileName, fileMd5, classId, tags }: PullSource, now: number): Pull {
  const last = decoded(new URL(url).pathname).replace(/^.*\//s, '')
  const [, stem = '', extension] = /^(.*?)(?:\.([A-Za-z0-9]{1,16}))?$/s.exec(last) ?? []
  const [, givenStem = '', givenExtension] = /^(.+)\.([A-Za-z0-9]{1,16})$/.exec(fileName ?? '') ?? []
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  const named = stem.replace(/[\\/:*?"<>|\x00-\x1f\x7f]/g, '_')
  return {
    taskId: `Pull-${randomBytes(16).toString('hex')}`,
    appId,
    fileId: newFileId(),
    url,
    fileName: (fileName ?? named.slice(0, limits.maxFileName)) || 'video',
    fileType: (extension ?? (givenStem === '' ? undefined : givenExtension) ?? 'mp4').toLowerCase(),
    fileMd5: fileMd5?.toLowerCase() ?? null,
    classId,
    tags,
    attempts: 0,
    createdAt: now,
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
