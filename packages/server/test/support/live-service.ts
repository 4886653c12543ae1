import { type ChildService, startChildService } from './child-service.ts'
import { callServer, initParams, sampleFile } from './service.ts'

/** A service that is killed now and then and comes back, on the same data. */
export interface LiveService {
  /** The one that runs now. */
  readonly current: () => ChildService
  /** Ends it there and then, and starts the next. */
  readonly kill: () => Promise<void>
}

export async function startLiveService(directory: string, environment: Record<string, string>): Promise<LiveService> {
  let service = await startChildService(directory, environment)
  return {
    current: () => service,
    kill: async () => {
      await service.kill()
      service = await startChildService(directory, environment)
    },
  }
}

/**
 * Uploads a small file as clients do that meet a service which dies: every call again until it is answered. Returns its
 * id; a Finish is now and then repeated, and so is the whole upload.
 */
export async function uploadStubbornly(live: LiveService, seed: number, repeats: boolean): Promise<string> {
  const file = sampleFile(700 + seed, seed)
  const call = async (action: string, params: Record<string, string | number>, body?: Buffer) => {
    for (;;) {
      const service = live.current()
      try {
        const answer = await callServer(service, action, params, body ? { body } : {})
        if (answer.canRetry !== 1) return answer
      } catch (error) {
        if (!(error instanceof TypeError)) throw error // what fetch throws when nobody answers
        // The next attempt is made when this one is dead for sure, or another there.
        if (live.current() === service) await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
  const { fileSha } = file
  const part = { fileSha, offset: 0, dataSize: file.bytes.length, dataMd5: file.md5(0, file.bytes.length) }
  const once = async () => {
    const init = await call('InitUpload', initParams(file))
    if (init.code === 2) return init
    await call('UploadPart', part, file.bytes)
    return call('FinishUpload', { fileSha })
  }
  const { code, message, fileId = '' } = await once()
  if (code !== 0 && code !== 2) throw new Error(`upload ${seed} was answered ${code} ${message}`)
  const again = repeats ? [await call('FinishUpload', { fileSha }), await once()] : []
  const other = again.find((answer) => answer.fileId !== fileId)
  if (other) throw new Error(`upload ${seed} became ${fileId}, and then ${other.fileId} (${other.code})`)
  return fileId
}
