/** What the test's page can do; `page.evaluate` calls these by name. */
import { upload, xhrTransport } from '/sdk/index.js'

const root = await navigator.storage.getDirectory()
const runs = new Map()

/** Makes a file of pseudo-random bytes on the browser's disk, 1 MiB in memory at a time. */
async function makeFile(name, mib, seed) {
  const handle = await root.getFileHandle(name, { create: true })
  const out = await handle.createWritable()
  const words = new Uint32Array(2 ** 18)
  let state = seed
  for (let part = 0; part < mib; part++) {
    for (let i = 0; i < words.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      words[i] = state
    }
    await out.write(words)
  }
  await out.write(new Uint8Array([seed]))
  await out.close()
}

/** Begins an upload of such a file; `outcome` waits for it. */
async function begin(name, { url, answerTimeoutMs, drawnCover, ...options }) {
  const file = await (await root.getFileHandle(name)).getFile()
  const controller = new AbortController()
  const run = { controller, progress: [], longTasks: [], signatures: 0 }
  runs.set(name, run)
  new PerformanceObserver((list) => run.longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: 'longtask',
  })
  run.outcome = upload(file, {
    url,
    getSignature: (facts) => window.sign(facts, run.signatures++),
    signal: controller.signal,
    onProgress: (progress) => run.progress.push(progress),
    ...(answerTimeoutMs && { transport: xhrTransport({ answerTimeoutMs, stallTimeoutMs: answerTimeoutMs }) }),
    ...(drawnCover && { cover: await draw(drawnCover) }),
    ...options,
  }).then(
    (result) => ({ result }),
    (error) => ({ error: error instanceof Error ? { ...error, message: error.message } : error }),
  )
}

/** An image of so many pixels a side, without a name. */
async function draw(pixels) {
  const canvas = Object.assign(document.createElement('canvas'), { width: pixels, height: pixels })
  canvas.getContext('2d').fillRect(1, 1, pixels / 2, pixels / 2)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'))
}

/** The width of an image as the browser shows it. */
async function widthOf(src) {
  const image = Object.assign(new Image(), { src })
  await image.decode()
  return image.naturalWidth
}

async function outcome(name) {
  const run = runs.get(name)
  const ended = await run.outcome
  const { progress, longTasks, signatures } = run
  return {
    ...ended,
    signatures,
    longTasks,
    last: progress.at(-1),
    waitedFor: [...new Set(progress.map(({ waitingFor }) => waitingFor).filter(Boolean))],
    firstHashed: progress.find(({ hashedBytes }) => hashedBytes > 0)?.hashedBytes,
  }
}

/** How far the hash of a file is saved that is not hashed to its end; undefined while there is none. */
async function savedHash() {
  // Opened before the SDK has made it, it would be made here, without what the SDK needs.
  if (!(await indexedDB.databases()).some(({ name }) => name === 'sluice')) return undefined
  const request = indexedDB.open('sluice', 1)
  const database = await new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result)
  })
  const all = database.transaction('hashes').objectStore('hashes').getAll()
  const records = await new Promise((resolve) => {
    all.onsuccess = () => resolve(all.result)
  })
  database.close()
  return records.find(({ fileSha }) => fileSha === undefined)?.hashedBytes
}

const lastProgress = (name) => runs.get(name).progress.at(-1)
const pause = (name) => runs.get(name).controller.abort('paused')

Object.assign(window, { test: { makeFile, begin, outcome, lastProgress, pause, savedHash, widthOf } })
