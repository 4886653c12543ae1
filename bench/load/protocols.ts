import { randomInt } from 'node:crypto'
import { signedQuery } from '@sluice/protocol/signatures'
import type { Connection, HttpAnswer } from './connection.ts'
import type { SampleFile } from './sample-files.ts'

/** The key pair every benchmarked service is started with. */
export const keys = {
  appId: '1251000001',
  secretId: 'AKIDbenchbenchbenchbenchbenchbench01',
  secretKey: 'benchSecretKey000000000000000001',
}

/** How a file goes in: a call before, one for each part, one at the end. */
export interface UploadProtocol {
  begin(connection: Connection, file: SampleFile, partSize: number): Promise<string>
  part(connection: Connection, file: SampleFile, upload: string, offset: number, length: number): Promise<void>
  finish(connection: Connection, file: SampleFile, upload: string): Promise<void>
  /** Whether the parts of one file may be in flight at once; otherwise each connection sends a file of its own. */
  readonly parallelParts: boolean
}

function requireStatus(answer: HttpAnswer): HttpAnswer {
  if (answer.status >= 300) throw new Error(`status ${answer.status}: ${answer.body}`)
  return answer
}

const host = 'vod2.qcloud.com'
const path = '/v3/index.php'

async function call(
  connection: Connection,
  action: string,
  params: Record<string, string>,
  body?: Uint8Array,
): Promise<string> {
  const all = {
    Action: action,
    Nonce: String(randomInt(1_000_000)),
    Region: 'gz',
    SecretId: keys.secretId,
    Timestamp: String(Math.floor(Date.now() / 1000)),
    ...params,
  }
  const query = signedQuery({ method: 'POST', host, path, params: all, secretKey: keys.secretKey })
  const headers = {
    Host: host,
    'Content-Type': 'application/octet-stream',
    'Content-Length': String(body?.length ?? 0),
  }
  const answer = requireStatus(await connection.request('POST', `${path}?${query}`, headers, body ? [body] : []))
  if (!/^\{"code":[01],/.test(answer.body)) throw new Error(`${action}: ${answer.body}`)
  return answer.body
}

/** The protocol Sluice speaks; also spoken, without checks of the query, by the plain Node server. */
export const vod: UploadProtocol = {
  parallelParts: true,
  async begin(connection, file, partSize) {
    const sizes = { fileSize: String(file.size), dataSize: String(partSize) }
    await call(connection, 'InitUpload', { fileName: 'bench', fileType: 'mp4', fileSha: file.sha1, ...sizes })
    return ''
  },
  async part(connection, file, _, offset, length) {
    const { bytes, md5 } = file.part(offset, length)
    const range = { offset: String(offset), dataSize: String(length) }
    await call(connection, 'UploadPart', { fileSha: file.sha1, dataMd5: md5, ...range }, bytes)
  },
  async finish(connection, file) {
    await call(connection, 'FinishUpload', { fileSha: file.sha1 })
  },
}

const tusVersion = { Host: '127.0.0.1', 'Tus-Resumable': '1.0.0' }

/** tus 1.0: parts of a file one after the other. */
export const tus: UploadProtocol = {
  parallelParts: false,
  async begin(connection, file) {
    const headers = { ...tusVersion, 'Upload-Length': String(file.size), 'Content-Length': '0' }
    const { head } = requireStatus(await connection.request('POST', '/files', headers))
    return new URL(/\r\nlocation: *(\S+)/i.exec(head)?.[1] ?? '', 'http://127.0.0.1').pathname
  },
  async part(connection, file, upload, offset, length) {
    const headers = {
      ...tusVersion,
      'Upload-Offset': String(offset),
      'Content-Type': 'application/offset+octet-stream',
      'Content-Length': String(length),
    }
    const pieces = length > 1_048_576 ? slices(file, offset, length) : [file.part(offset, length).bytes]
    requireStatus(await connection.request('PATCH', upload, headers, pieces))
  },
  async finish() {},
}

/** HTTP PUT of every part as a file of its own. */
export const put: UploadProtocol = {
  parallelParts: true,
  begin: async () => `/u/${randomInt(2 ** 40)}`,
  async part(connection, file, upload, offset, length) {
    const headers = { Host: '127.0.0.1', 'Content-Length': String(length) }
    requireStatus(await connection.request('PUT', `${upload}-${offset}`, headers, [file.part(offset, length).bytes]))
  },
  async finish() {},
}

function* slices(file: SampleFile, offset: number, length: number): Generator<Uint8Array> {
  for (let at = offset; at < offset + length; at += 1_048_576) {
    yield file.part(at, Math.min(1_048_576, offset + length - at)).bytes
  }
}

export const protocols = { vod, tus, put }
export type ProtocolName = keyof typeof protocols
