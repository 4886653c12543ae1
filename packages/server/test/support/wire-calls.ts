import { createHash } from 'node:crypto'
import { queryOf, type Signing } from './raw-call.ts'
import type { SampleFile, TestService } from './service.ts'

export type Called = Pick<TestService, 'url' | 'now'>

/** The host that is signed and named, unless a test says otherwise. */
const host = 'vod2.qcloud.com'

/** A file of these bytes. */
export function fileOf(bytes: Buffer): SampleFile {
  const digest = (kind: string, of: Buffer) => createHash(kind).update(of).digest('hex')
  const md5 = (offset: number, length: number) => digest('md5', bytes.subarray(offset, offset + length))
  return { bytes, fileSha: digest('sha1', bytes), md5 }
}

/** The head of a request with these headers and no others but `Host`; an empty one is left out. */
export function head(
  method: string,
  target: string,
  headers: Record<string, string | number> = {},
  version: '1.0' | '1.1' = '1.1',
): string {
  const all = Object.entries({ Host: host, ...headers }).filter(([, value]) => value !== '')
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return `${method} ${target} HTTP/${version}\r\n${lines}\r\n`
}

/** The target of a signed call. */
export function targetOf(
  service: Called,
  action: string,
  params: Record<string, string | number>,
  signing: Signing = {},
): string {
  return `/v3/index.php?${queryOf(service, action, params, { host, ...signing })}`
}

/** A part on its way: its target, and its bytes. */
export interface PartCall {
  readonly target: string
  readonly body: Buffer
}

/** UploadPart for the part at `offset`; `said` is what the call says otherwise. */
export function partCall(
  service: Called,
  file: SampleFile,
  { offset = 0, dataSize = 524_288, said = {} }: PartChoice = {},
): PartCall {
  const body = file.bytes.subarray(offset, offset + dataSize)
  const { length } = body
  const params = { fileSha: file.fileSha, offset, dataSize: length, dataMd5: file.md5(offset, length), ...said }
  return { target: targetOf(service, 'UploadPart', params), body }
}

export interface PartChoice {
  readonly offset?: number
  readonly dataSize?: number
  readonly said?: Record<string, string | number>
}

/** A whole request that posts a body of announced length. */
export function post({ target, body }: PartCall, headers: Record<string, string | number> = {}): Buffer {
  return Buffer.concat([Buffer.from(head('POST', target, { 'Content-Length': body.length, ...headers })), body])
}

/** A body in chunks of these sizes, over and over. */
export function chunked(body: Uint8Array, sizes: readonly number[] = [65_536]): Buffer {
  const pieces: Uint8Array[] = []
  for (let start = 0, turn = 0; start < body.length; turn++) {
    const chunk = body.subarray(start, start + (sizes[turn % sizes.length] ?? 1))
    pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
    start += chunk.length
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
}
