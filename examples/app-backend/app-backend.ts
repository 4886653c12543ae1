/**
 * An app's backend: lets its users upload videos to Sluice, hears of those that are finished, and lists them. Settings
 * are in the environment, README.md has them:
 *
 *   SLUICE_URL=http://127.0.0.1:8266 SLUICE_SECRET_ID=… SLUICE_SECRET_KEY=… SLUICE_VERIFY_KEY=… node app-backend.ts
 */
import {
  type AppEvent,
  type BackendError,
  createBackend,
  eventKey,
  verifyCallback,
  verifyContent,
} from '@sluice/backend'
import Fastify, { type FastifyRequest } from 'fastify'
import { Videos } from './videos.ts'

const backend = createBackend({
  url: required('SLUICE_URL'),
  secretId: required('SLUICE_SECRET_ID'),
  secretKey: required('SLUICE_SECRET_KEY'),
})
const verifyKey = required('SLUICE_VERIFY_KEY')
const mode = process.env['EVENTS'] ?? 'pull'
const callbackSecrets = mode === 'callback' ? required('CALLBACK_SECRET').split(',') : []

/** What stands for this app's sign-in: users by their token, `USERS=token:name,token:name`. */
const users = new Map(
  required('USERS')
    .split(',')
    .map((pair) => pair.split(':') as [token: string, name: string]),
)
const videoTypes = new Set(['mp4', 'mov', 'mkv', 'webm', 'avi', 'flv'])
const imageTypes = new Set(['jpg', 'jpeg', 'png', 'webp'])
const videos = new Videos()

/** Takes an event in. It may come more than once and in any order, so whatever it does is the same the second time. */
function take(event: AppEvent): void {
  if (event.eventType === 'NewFileUpload') {
    const { fileId, fileName: name, fileUrl: url, fileSize: size } = event.data
    videos.finished(fileId, { name, url, size })
  } else if (event.eventType === 'FileDeleted') {
    for (const { fileId } of event.data.fileInfo) videos.deleted(fileId)
  }
  console.log(`event ${eventKey(event)}`)
}

const app = Fastify()

app.setErrorHandler((error: BackendError & { statusCode?: number }, _request, reply) => {
  const { code, statusCode = 500, message } = error
  const status = code === 'argument' ? 400 : code === 'callback' ? 401 : statusCode
  if (status >= 500) console.error(error)
  void reply.code(status).send({ message: status >= 500 ? 'that went wrong' : message })
})

/**
 * A user is about to upload this file: it gets a signature for it, and for no other file and no other user. With `coverOf`
 * the file is to be the cover of that video, which must be the user's.
 */
app.post<{ Body: { fileSha: string; fileName: string; fileType: string; coverOf?: string } }>(
  '/signatures',
  { schema: { body: bodyOf('fileSha', 'fileName', 'fileType') } },
  async (request) => {
    const uid = userOf(request)
    const { fileSha, fileName, fileType, coverOf } = request.body
    const [types, what] = coverOf === undefined ? [videoTypes, 'video'] : [imageTypes, 'image']
    if (!types.has(fileType.toLowerCase())) throw refusal(400, `fileType: ${fileType} is no ${what}`)
    if (coverOf !== undefined && !videos.isOwner(coverOf, uid)) throw refusal(403, 'coverOf: no video of yours')
    const cover = coverOf !== undefined && { coverOf }
    return { signature: backend.signUpload({ fileSha, fileName, fileType, ...cover, uid, validS: 86_400 }) }
  },
)

/** A user has uploaded a file. The proof makes it theirs: it was given to the client that finished the upload. */
app.post<{ Body: { fileId: string; verifyContent: string } }>(
  '/videos',
  { schema: { body: bodyOf('fileId', 'verifyContent') } },
  async (request) => {
    const user = userOf(request)
    if (!verifyContent({ ...request.body, verifyKey })) throw refusal(403, 'verifyContent: does not prove this file')
    videos.claimed(request.body.fileId, user)
    return {}
  },
)

/** A user's finished videos. */
app.get('/videos', async (request) => ({ videos: videos.of(userOf(request)) }))

if (mode === 'callback') {
  // What is proven is the body as it came, so it is left unparsed, here alone.
  app.register(async (callbacks) => {
    callbacks.removeContentTypeParser('application/json')
    callbacks.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    callbacks.post<{ Body: Buffer }>('/events', async (request) => {
      const header = request.headers['x-sluice-signature']
      take(verifyCallback({ body: request.body, header, secrets: callbackSecrets }))
      return {}
    })
  })
}

function userOf({ headers }: FastifyRequest): string {
  const user = users.get(headers.authorization?.replace(/^Bearer /, '') ?? '')
  if (user === undefined) throw refusal(401, 'authorization: no such user')
  return user
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode })
}

function bodyOf(...names: string[]) {
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string', minLength: 1 }]))
  return { type: 'object', required: names, properties }
}

function required(name: string): string {
  const value = process.env[name]
  if (value) return value
  console.error(`${name} is not set`)
  process.exit(2)
}

const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())

const address = await app.listen({
  port: Number(process.env['PORT'] ?? 3000),
  host: process.env['HOST'] ?? '127.0.0.1',
})
console.log(`app backend listening on ${address}`)
try {
  if (mode === 'pull') for await (const event of backend.events({ signal: stop.signal })) take(event)
  else if (!stop.signal.aborted) await new Promise((resolve) => stop.signal.addEventListener('abort', resolve))
} finally {
  await app.close()
}
