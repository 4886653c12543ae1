/**
 * Uploads a file as the server SDKs of 2017 do: one host constant, every request signed with HMAC-SHA1, 512 KiB parts,
 * several at a time. It imports nothing from Sluice and needs nothing but Node 18 or newer.
 *
 *   VOD_HOST=127.0.0.1:8266 VOD_SECRET_ID=… VOD_SECRET_KEY=… node examples/old-client.mjs video.mp4
 */
import { createHash, createHmac, randomInt } from 'node:crypto'
import { open } from 'node:fs/promises'
import http from 'node:http'
import { parse } from 'node:path'

// The one line to change in a client of the old service. It is part of what is signed, with the port if it names one.
const HOST = process.env.VOD_HOST ?? 'vod2.qcloud.com'
// Where HOST leads. A client whose host cannot be changed is sent elsewhere by DNS; this stands in for that.
const ADDRESS = process.env.VOD_ADDRESS ?? HOST
const PATH = '/v3/index.php'
const PART_SIZE = 524_288
const PARALLEL = 6
const ATTEMPTS = 3

const { VOD_SECRET_ID: secretId, VOD_SECRET_KEY: secretKey } = process.env
const [filePath] = process.argv.slice(2)
if (!filePath || !secretId || !secretKey) {
  console.error('Usage: VOD_HOST=… VOD_SECRET_ID=… VOD_SECRET_KEY=… node old-client.mjs FILE')
  process.exit(2)
}

/** Signs the sorted, unencoded parameters behind method, host and path, and makes the encoded query of them. */
function signedQuery(params) {
  const sorted = Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))
  const text = `POST${HOST}${PATH}?${sorted.map(([name, value]) => `${name}=${value}`).join('&')}`
  const signature = createHmac('sha1', secretKey).update(text).digest('base64')
  return [...sorted, ['Signature', signature]].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
}

function post(query, body) {
  const [host, port = 80] = ADDRESS.split(':')
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, method: 'POST', path: `${PATH}?${query}`, headers: { Host: HOST } })
    if (body) {
      request.setHeader('Content-Length', body.length)
      request.setHeader('Content-Type', 'application/x-www-form-urlencoded') // what Java says of any bytes
    } else {
      // A POST without a body has neither header in Java.
      request.removeHeader('Content-Length')
      request.removeHeader('Transfer-Encoding')
    }
    request.on('error', reject).on('response', async (response) => {
      let text = ''
      for await (const piece of response.setEncoding('utf8')) text += piece
      if (response.statusCode === 200) resolve(JSON.parse(text))
      else reject(new Error(`HTTP ${response.statusCode}: ${text}`))
    })
    request.end(body)
  })
}

/** Makes a call, again at once while the answer says that it may be repeated. Nothing but `code < 0` is a failure. */
async function call(action, params, body) {
  for (let attempt = 1; ; attempt++) {
    const common = { Action: action, Region: 'gz', SecretId: secretId, Nonce: randomInt(1, 2 ** 31) }
    const timestamp = Math.floor(Date.now() / 1000)
    const answer = await post(signedQuery({ ...params, ...common, Timestamp: timestamp }), body)
    if (answer.code >= 0) return answer
    if (answer.canRetry !== 1 || attempt === ATTEMPTS) throw new Error(`${action}: ${answer.code} ${answer.message}`)
  }
}

const file = await open(filePath)
const { size } = await file.stat()

async function read(offset, length) {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset)
  if (bytesRead !== length) throw new Error(`${filePath} changed while it was read`)
  return buffer
}

const sha1 = createHash('sha1')
for (let offset = 0; offset < size; offset += PART_SIZE) {
  sha1.update(await read(offset, Math.min(PART_SIZE, size - offset)))
}
const fileSha = sha1.digest('hex')

const { name: fileName, ext } = parse(filePath)
const flags = { isTranscode: 0, isScreenshot: 0, isWatermark: 0, classId: 0, storeTime: 0 }
const announced = { fileSha, fileSize: size, dataSize: PART_SIZE, fileName, fileType: ext.slice(1), ...flags }
const init = await call('InitUpload', announced)

if (init.code < 2) {
  const partSize = init.dataSize ?? PART_SIZE
  const stored = new Set(init.listParts?.map(({ offset }) => offset))
  let next = 0
  const sendParts = async () => {
    while (next < size) {
      const offset = next
      next += partSize
      if (stored.has(offset)) continue
      const bytes = await read(offset, Math.min(partSize, size - offset))
      const dataMd5 = createHash('md5').update(bytes).digest('hex')
      await call('UploadPart', { fileSha, offset, dataSize: bytes.length, dataMd5 }, bytes)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, sendParts))
}

// The SDKs finish even what was there already, and get the same answer.
const { fileId, url } = await call('FinishUpload', { fileSha })
await file.close()
console.log(JSON.stringify({ fileId, url }))
