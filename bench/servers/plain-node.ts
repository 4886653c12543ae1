import { createHash, type Hash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'

/**
 * The yardstick of ordinary craft: collect the body, MD5 as it comes, write it at its place, fdatasync, and SHA-1 of the
 * whole in order. No signatures, no database, no limits; what is asked of it is the work on the bytes.
 */
interface Upload {
  readonly file: Promise<FileHandle>
  readonly sha1: Hash
  next: number
  readonly ahead: Map<number, readonly Buffer[]>
}

const directory = process.env['DIR'] ?? '.'
mkdirSync(directory, { recursive: true })
const uploads = new Map<string, Upload>()

function uploadOf(sha: string): Upload {
  const known = uploads.get(sha)
  if (known) return known
  const upload: Upload = { file: open(join(directory, sha), 'w+'), sha1: createHash('sha1'), next: 0, ahead: new Map() }
  uploads.set(sha, upload)
  return upload
}

createServer(async (request, response) => {
  const answer = (code: number) => {
    const body = JSON.stringify({ code, message: '', codeDesc: '', canRetry: 0 })
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body)
  }
  const query = new URL(request.url ?? '', 'http://localhost').searchParams
  const sha = query.get('fileSha') ?? ''
  const chunks: Buffer[] = []
  const md5 = createHash('md5')
  for await (const chunk of request as AsyncIterable<Buffer>) {
    md5.update(chunk)
    chunks.push(chunk)
  }
  const upload = uploadOf(sha)
  const action = query.get('Action')
  if (action === 'InitUpload') return answer(0)
  if (action === 'FinishUpload') {
    await (await upload.file).close()
    uploads.delete(sha)
    return answer(upload.sha1.digest('hex') === sha ? 0 : -10006)
  }
  if (md5.digest('hex') !== query.get('dataMd5')) return answer(-10006)
  const offset = Number(query.get('offset'))
  const file = await upload.file
  await file.writev(chunks, offset)
  await file.datasync()
  upload.ahead.set(offset, chunks)
  for (let part = upload.ahead.get(upload.next); part; part = upload.ahead.get(upload.next)) {
    upload.ahead.delete(upload.next)
    for (const chunk of part) {
      upload.sha1.update(chunk)
      upload.next += chunk.length
    }
  }
  answer(0)
}).listen(Number(process.env['PORT']), '127.0.0.1')
