import { fileURLToPath } from 'node:url'
import { createBackend } from '@sluice/backend'
import { type HashedFile, upload } from '@sluice/client/node'
import { openSqlite } from '@sluice/server'
import { changeAppSettings } from '@sluice/server/apps'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keyPair, sampleFile, startTestService, type TestService } from '../../packages/server/test/support/service.ts'
import { type RunningServer, startServer } from '../start-server.ts'

const program = fileURLToPath(new URL('app-backend.ts', import.meta.url))
const appId = 1_251_000_001
const [video, picture] = [sampleFile(1_500_000), sampleFile(20_000)]
// In the middle of a rotation: the app knows the next secret already.
const [nextSecret, presentSecret] = ['next-secret-of-callbacks', 'present-secret-of-callbacks']

/** Starts the service and the app, whose events go the one way or the other. */
async function start(events: 'pull' | 'callback'): Promise<{ service: TestService; app: RunningServer }> {
  const service = await startTestService({ SLUICE_ALLOW_PRIVATE_CALLBACKS: 'on' }, { startAt: Date.now() })
  const metadata = await openSqlite(service.directory)
  onTestFinished(() => metadata.close())
  const [own] = await metadata.listApps()
  const app = await startServer(program, {
    SLUICE_URL: service.url,
    SLUICE_SECRET_ID: keyPair.secretId,
    SLUICE_SECRET_KEY: keyPair.secretKey,
    SLUICE_VERIFY_KEY: own?.verifyKey ?? '',
    EVENTS: events,
    USERS: 'token-of-ann:ann,token-of-bob:bob',
    PORT: '0',
    ...(events === 'callback' && { CALLBACK_SECRET: `${nextSecret},${presentSecret}` }),
  })
  if (events === 'callback') {
    const callbackUrl = `${app.url}/events`
    await changeAppSettings(metadata, appId, { eventMode: 'callback', callbackUrl, callbackSecret: presentSecret })
  }
  return { service, app }
}

/** A user's client: calls the app. */
function userOf(app: RunningServer, name: 'ann' | 'bob' | 'nobody') {
  return async (method: 'GET' | 'POST', path: string, body?: object): Promise<Record<string, unknown>> => {
    const headers = { authorization: `Bearer token-of-${name}`, ...(body && { 'content-type': 'application/json' }) }
    const sent = body ? { body: JSON.stringify(body) } : {}
    const response = await fetch(`${app.url}${path}`, { method, headers, ...sent })
    return { status: response.status, ...((await response.json()) as object) }
  }
}

/**
 * Uploads the video with a cover as a user does: with signatures of the app, to which the proof of the video is brought
 * before it is asked for that of the cover.
 */
function uploadAs(call: ReturnType<typeof userOf>, service: TestService) {
  const getSignature = async ({ fileSha, fileName, fileType, coverOf, verifyContent }: HashedFile) => {
    if (coverOf !== undefined) {
      expect(await call('POST', '/videos', { fileId: coverOf, verifyContent })).toEqual({ status: 200 })
    }
    const { signature } = await call('POST', '/signatures', { fileSha, fileName, fileType, coverOf })
    return signature as string
  }
  return upload(new Blob([video.bytes]), {
    url: service.url,
    getSignature,
    file: { fileName: 'my holiday', fileType: 'mp4' },
    cover: new File([picture.bytes], 'sea.jpg'),
  })
}

describe.each(['pull', 'callback'] as const)('with events by %s', (events) => {
  it('users upload videos, and see those of theirs that are finished, until they are deleted', async () => {
    const { service, app } = await start(events)
    const [ann, bob] = [userOf(app, 'ann'), userOf(app, 'bob')]
    const { fileId, url, coverUrl = '' } = await uploadAs(ann, service)
    await app.line(`event NewFileUpload:${fileId}`)
    const mine = { fileId, name: 'my holiday', url, size: video.bytes.length }
    expect(await ann('GET', '/videos')).toEqual({ status: 200, videos: [mine] })
    expect(await bob('GET', '/videos')).toEqual({ status: 200, videos: [] })
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(video.bytes)).toBe(true)
    expect(Buffer.from(await (await fetch(coverUrl)).arrayBuffer()).equals(picture.bytes)).toBe(true)
    expect(await uploadAs(ann, service)).toMatchObject({ fileId, coverUrl, instant: true })
    const cover = { fileSha: picture.fileSha, fileName: 'sea', fileType: 'jpg', coverOf: fileId }
    expect(await bob('POST', '/signatures', cover)).toMatchObject({ status: 403 })
    expect(await ann('POST', '/signatures', { ...cover, fileType: 'mp4' })).toMatchObject({ status: 400 })

    await createBackend({ url: service.url, ...keyPair }).call('DeleteVodFile', { fileId, priority: 0 })
    await app.line(`event FileDeleted:${fileId}`)
    expect(await ann('GET', '/videos')).toEqual({ status: 200, videos: [] })
    expect(await app.stop()).toBe(0)
  })

  it('who has no right is told so', async () => {
    const { app } = await start(events)
    const [ann, nobody] = [userOf(app, 'ann'), userOf(app, 'nobody')]
    const { fileSha } = video
    const file = { fileSha, fileName: 'my holiday', fileType: 'mp4' }
    expect(await nobody('POST', '/signatures', file)).toMatchObject({ status: 401 })
    expect(await nobody('GET', '/videos')).toMatchObject({ status: 401 })
    expect(await ann('POST', '/signatures', { ...file, fileType: 'exe' })).toMatchObject({ status: 400 })
    expect(await ann('POST', '/signatures', { ...file, fileSha: 'none' })).toMatchObject({
      status: 400,
      message: 'fileSha: expected 40 hex digits, found "none"',
    })
    expect(await ann('POST', '/signatures', {})).toMatchObject({ status: 400 })
    const verifyContent = Buffer.from(`${'0'.repeat(20)}ExpTime=9999999999&FileId=1`).toString('base64')
    expect(await ann('POST', '/videos', { fileId: '1', verifyContent })).toMatchObject({ status: 403 })
    const event = { version: '4.0', eventType: 'FileDeleted', data: { fileInfo: [{ fileId: '1' }] } }
    expect(await nobody('POST', '/events', event)).toMatchObject({ status: events === 'callback' ? 401 : 404 })
  })
})
