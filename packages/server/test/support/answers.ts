import { expect } from 'vitest'

/** A whole answer that succeeded: no member more, no member less. */
export function done(members: object = {}, code: 0 | 1 | 2 = 0): object {
  return { code, message: '', codeDesc: '', canRetry: 0, ...members }
}

/** A whole answer that failed, with a message for people whatever it says. */
export function failed(code: number, canRetry: 0 | 1, members: object = {}): object {
  return { code, message: expect.stringMatching(/./), codeDesc: expect.any(String), canRetry, ...members }
}

/** What Finish answers for a file of the first app: members beside the envelope. */
export function finishedAs(family: 'server' | 'ugc', fileId: string = expect.stringMatching(/^\d{19}$/)): object {
  const url = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/vod1251000001\/\d{19}\/f0\.mp4$/)
  return { fileId, url, ...(family === 'ugc' ? { verify_content: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/) } : {}) }
}

/** How Init lists parts of a file. */
export function listed(file: { md5: (offset: number, length: number) => string }, sizes: Record<number, number>) {
  return Object.entries(sizes).map(([start, dataSize]) => {
    const offset = Number(start)
    return { offset, dataSize, dataLen: dataSize, dataMd5: file.md5(offset, dataSize) }
  })
}
