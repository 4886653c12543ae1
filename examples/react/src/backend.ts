import type { HashedFile } from '@sluice/client'

/** A finished video of the user. */
export interface Video {
  readonly fileId: string
  readonly name: string
  readonly url: string
}

/** What the app asks of its backend, for the user who is signed in. */
export interface Backend {
  /** A signature for this file, or for this image as the cover of a video of the user. */
  sign(file: HashedFile): Promise<string>
  /** Makes an uploaded file the user's: the service gave out the proof when it had stored it. */
  claim(fileId: string, verifyContent: string): Promise<void>
  videos(): Promise<Video[]>
}

export function createBackend(token: string): Backend {
  async function call<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`/api${path}`, {
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    })
    const answer = await response.json()
    if (!response.ok) throw new Error(answer.message)
    return answer
  }
  const claim = async (fileId: string, verifyContent: string) => {
    await call('/videos', { fileId, verifyContent })
  }
  return {
    claim,
    async sign({ fileSha, fileName, fileType, coverOf, verifyContent }) {
      // A cover is for a video that is the user's already.
      if (coverOf !== undefined && verifyContent !== undefined) await claim(coverOf, verifyContent)
      const { signature } = await call<{ signature: string }>('/signatures', { fileSha, fileName, fileType, coverOf })
      return signature
    },
    videos: async () => (await call<{ videos: Video[] }>('/videos')).videos,
  }
}
