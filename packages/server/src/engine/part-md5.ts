import { hash } from 'node:crypto'

/** The MD5 of a part's bytes, 32 lower-case hex digits. Asynchronous, so that parts in flight may come to share the work. */
export async function partMd5(bytes: Uint8Array): Promise<string> {
  return hash('md5', bytes, 'hex')
}
