/**
 * Serves the page and signs for it. Everybody may upload: where users sign in, examples/app-backend shows what changes.
 *
 *   SLUICE_URL=http://127.0.0.1:8266 SLUICE_SECRET_ID=… SLUICE_SECRET_KEY=… node server.ts
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createBackend } from '@sluice/backend'

const {
  SLUICE_URL = 'http://127.0.0.1:8266',
  SLUICE_SECRET_ID = '',
  SLUICE_SECRET_KEY = '',
  PORT = '3000',
} = process.env
const backend = createBackend({ url: SLUICE_URL, secretId: SLUICE_SECRET_ID, secretKey: SLUICE_SECRET_KEY })
const page = readFileSync(new URL('index.html', import.meta.url), 'utf8').replace('http://127.0.0.1:8266', SLUICE_URL)
const script = readFileSync(new URL(import.meta.resolve('@sluice/client/sluice-upload')))
const videoTypes = new Set(['mp4', 'mov', 'mkv', 'webm'])

const server = createServer(async (request, response) => {
  const answer = (status: number, type: string, body: string | Buffer) =>
    response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body)
  try {
    if (request.method === 'POST' && request.url === '/sign') answer(200, 'text/plain', await sign(request))
    else if (request.url === '/sluice-upload.js') answer(200, 'text/javascript', script)
    else if (request.url === '/') answer(200, 'text/html', page)
    else answer(404, 'text/plain', 'There is no such page.')
  } catch (error) {
    // The element shows its user what comes as text with a status that is not 200.
    answer(403, 'text/plain', error instanceof Error ? error.message : String(error))
  }
})

/** Signs for the file whose facts the element posts: for this file, and for no other. */
async function sign(request: IncomingMessage): Promise<string> {
  const { fileSha, fileName, fileType, coverOf } = JSON.parse(await text(request)) as Record<string, string>
  if (!fileSha || !fileName || !videoTypes.has(fileType ?? '') || coverOf) throw new Error('This is no video we take.')
  return backend.signUpload({ fileSha, fileName, fileType: fileType ?? '', uid: 'visitor', validS: 86_400 })
}

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`)
})
