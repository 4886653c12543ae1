import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { HashedFile } from '@sluice/client'
import { signUgc } from '@sluice/protocol/signatures'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { serve, temporaryDirectory } from '../../cli/test/serve-process.ts'
import { startBrowser, type TestBrowser } from './browser/browser.ts'
import { type Fate, wayTo } from './browser/way.ts'

const keys = { secretId: 'AKIDcomponent', secretKey: 'key-of-the-component-test' }

let browser: TestBrowser
beforeAll(async () => {
  browser = await startBrowser()
}, 60_000)
afterAll(() => browser?.close())

interface Told {
  readonly kind: 'added' | 'uploaded' | 'error' | 'removed'
  readonly element: string
  readonly name: string
  readonly fileId?: string
  readonly url?: string
  readonly instant?: boolean
  readonly verifyContent?: string
  readonly coverUrl?: string
  readonly reason?: string
  readonly code?: string | number
}

const call = <T>(page: Page, name: string, ...args: unknown[]) =>
  page.evaluate(`test.${name}(...${JSON.stringify(args)})`) as Promise<T>
const makeFile = (page: Page, name: string, mib: number, seed: number) => call(page, 'makeFile', name, mib, seed)
const drop = (page: Page, names: string[], selector = 'sluice-upload') => call(page, 'drop', selector, names)
const told = (page: Page) => call<Told[]>(page, 'told')
const uploaded = async (page: Page) => (await told(page)).filter(({ kind }) => kind === 'uploaded')

const rowOf = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByTitle(name, { exact: true }) })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
/** Runs a statement about `upload`, the first element of the page. */
const change = async (page: Page, statement: string): Promise<void> => {
  await page.evaluate(`{ const upload = document.querySelector('sluice-upload'); ${statement} }`)
}
/** Waits until a row says this. */
const says = (page: Page, name: string, text: string | RegExp) =>
  rowOf(page, name).locator('[part~=status]', { hasText: text }).waitFor()

async function service() {
  return serve({
    SLUICE_DATA_DIR: temporaryDirectory(),
    SLUICE_APP_ID: '1251000001',
    SLUICE_SECRET_ID: keys.secretId,
    SLUICE_SECRET_KEY: keys.secretKey,
  })
}

/** A way to a service on which parts stall once so many went through; `open` lets all through that come then. */
async function gatedWay(parts: number) {
  const { url } = await service()
  let most = parts
  const way = await wayTo(url, ({ nth }): Fate => (nth > most ? 'stall' : 'through'))
  const open = () => {
    most = Infinity
  }
  return { ...way, open }
}

const goodSignature = (file: HashedFile) => signUgc({ ...keys, ...file, signedAtS: Math.floor(Date.now() / 1000) })

type Sign = (file: HashedFile) => string | undefined

/** A page with this in its body, and the app's backend at `/sign`. */
async function pageWith(html: string, { csp = '', script = '/sdk/component.js', sign = goodSignature as Sign } = {}) {
  const page = await browser.open(csp, '/component')
  onTestFinished(() => page.close())
  // From the start: the browser may open a dialog of its own before it hears that somebody waits for one.
  page.on('filechooser', () => {})
  page.on('pageerror', (error) => expect.unreachable(`the page threw ${error.message}`))
  await page.route('**/sign', async (route) => {
    const signature = sign(route.request().postDataJSON() as HashedFile)
    const refusal = { status: 403, contentType: 'text/plain', body: 'You may not.' }
    await route.fulfill(signature === undefined ? refusal : { body: signature })
  })
  await page.addScriptTag({ url: script, type: 'module' })
  await change(page, `document.body.innerHTML = ${JSON.stringify(html)}`)
  return page
}

const element = (url: string, more = 'multiple') =>
  `<sluice-upload url="${url}" sign-url="/sign" ${more}></sluice-upload>`

test('files that are dropped are uploaded, and told', async () => {
  const { url } = await service()
  const page = await pageWith(element(url))
  const names = ['one.mp4', 'two.mov', 'three.mkv']
  for (const [seed, name] of names.entries()) await makeFile(page, name, 2, 20 + seed)
  await drop(page, names)
  for (const name of names) await says(page, name, 'Uploaded')
  expect(new Set((await uploaded(page)).map(({ name }) => name))).toEqual(new Set(names))
  for (const one of await uploaded(page)) {
    expect(one).toMatchObject({ fileId: expect.any(String), instant: false, verifyContent: expect.any(String) })
    expect((await (await fetch(one.url ?? '')).bytes()).length).toBe(2 * 1_048_576 + 1)
  }
  await page.getByText('3 of 3 uploaded').waitFor()
  const totalBytes = 2 * 1_048_576 + 1
  expect(await call(page, 'lastToldProgress')).toMatchObject({ acknowledgedBytes: totalBytes, totalBytes })
})

test('files that are uploaded at the same time share the parts that may be under way', async () => {
  const { url } = await service()
  let begun = 0
  const full = Promise.withResolvers<void>()
  const free = Promise.withResolvers<void>()
  const way = await wayTo(url, async ({ action }): Promise<Fate> => {
    if (action === 'InitUploadEx') begun++
    if (begun === 3 && way.sent.length >= 3) full.resolve()
    if (action === 'UploadPartEx') await free.promise
    return 'through'
  })
  const page = await pageWith(element(way.url, 'multiple parallel="3" parallel-files="3"'))
  const names = ['a.mp4', 'b.mp4', 'c.mp4']
  for (const [seed, name] of names.entries()) await makeFile(page, name, 4, 25 + seed)
  await drop(page, names)
  await full.promise
  // Whatever else the files had to send would overtake these.
  for (let i = 0; i < 5; i++) await page.evaluate(`fetch('${way.url}', { mode: 'no-cors' }).then(() => {})`)
  expect(way.sent.length).toBe(3)
  free.resolve()
  for (const name of names) await says(page, name, 'Uploaded')
})

test('paused and resumed no stored part is sent again', async () => {
  const way = await gatedWay(4)
  const page = await pageWith(element(way.url))
  await makeFile(page, 'paused.mp4', 12, 30)
  await drop(page, ['paused.mp4'])
  await way.stored(4)
  await button(page, 'Pause paused.mp4').click()
  await says(page, 'paused.mp4', /^Paused · \d+% of 12\.6 MB$/)
  const [acknowledged, sent] = [new Set(way.acknowledged), way.sent.length]
  way.open()
  await button(page, 'Resume paused.mp4').click()
  await says(page, 'paused.mp4', 'Uploaded')
  expect(way.sent.slice(sent).filter((offset) => acknowledged.has(offset))).toEqual([])
})

test('what the backend refuses fails with its reason, and is uploaded when it is tried again', async () => {
  const { url } = await service()
  let allowed = false
  const page = await pageWith(element(url), { sign: (file) => (allowed ? goodSignature(file) : undefined) })
  await makeFile(page, 'refused.mp4', 1, 31)
  await drop(page, ['refused.mp4'])
  await says(page, 'refused.mp4', 'The upload was not permitted: You may not.')
  expect(await told(page)).toContainEqual(
    expect.objectContaining({ kind: 'error', reason: 'failed', code: 'signature', name: 'refused.mp4' }),
  )
  allowed = true
  await button(page, 'Try refused.mp4 again').click()
  await says(page, 'refused.mp4', 'Uploaded')
})

test('what is not taken says why', async () => {
  const { url } = await service()
  const page = await pageWith(element(url, 'multiple max-size="2000000" max-files="1"'))
  await makeFile(page, 'notes.txt', 1, 32)
  await makeFile(page, 'large.mp4', 2, 33)
  await makeFile(page, 'good.mp4', 1, 34)
  await makeFile(page, 'more.mp4', 1, 35)
  await change(page, `upload.addFiles([new File([], 'empty.mp4', { type: 'video/mp4' })])`)
  await drop(page, ['notes.txt', 'large.mp4', 'good.mp4', 'more.mp4'])
  await says(page, 'empty.mp4', 'This file is empty.')
  await says(page, 'notes.txt', 'Files of this type are not accepted.')
  await says(page, 'large.mp4', 'This file is larger than 2 MB.')
  await says(page, 'more.mp4', 'No more than 1 at a time.')
  await says(page, 'good.mp4', 'Uploaded')
  const refused = (await told(page)).filter(({ kind }) => kind === 'error')
  expect(refused.map(({ reason }) => reason)).toEqual(['empty', 'type', 'size', 'count'])
})

test('the keyboard does all, and the focus is never lost', async () => {
  const way = await gatedWay(2)
  const page = await pageWith(element(way.url))
  const directory = temporaryDirectory()
  const paths = ['first.mp4', 'second.mp4'].map((name, index) => {
    const path = join(directory, name)
    writeFileSync(path, Buffer.alloc(3_000_000, index + 1))
    return path
  })
  const focused = () => call<string>(page, 'focused')
  await page.keyboard.press('Tab')
  expect(await focused()).toContain('Drop videos here')
  const chooserOpens = page.waitForEvent('filechooser')
  await page.keyboard.press('Enter')
  await (await chooserOpens).setFiles(paths)
  await rowOf(page, 'second.mp4').waitFor()
  await way.stored(2)

  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Pause all')
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Pause first.mp4')
  await page.keyboard.press('Space')
  expect(await focused()).toBe('Resume first.mp4')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Remove second.mp4')
  await page.keyboard.press('Enter')
  expect(await focused()).toBe('Remove first.mp4')
  await page.keyboard.press('Shift+Tab')
  way.open()
  await page.keyboard.press('Enter')
  await says(page, 'first.mp4', 'Uploaded')
  // The button that has it stays until it loses it, though there is nothing left to pause.
  expect(await focused()).toBe('Pause first.mp4')
  expect(await button(page, 'Pause first.mp4').isDisabled()).toBe(true)
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('Remove first.mp4')
  expect(await button(page, 'Pause first.mp4').count()).toBe(0)
  await page.keyboard.press('Enter')
  expect(await focused()).toContain('Drop videos here')
})

test('a screen reader is told what happens, once and together, and nothing of progress', async () => {
  const { url } = await service()
  const page = await pageWith(element(url))
  await call(page, 'listen', 'sluice-upload')
  const names = ['a.mp4', 'b.mp4', 'c.txt']
  for (const [seed, name] of names.entries()) await makeFile(page, name, 1, 40 + seed)
  await drop(page, names)
  for (const name of ['a.mp4', 'b.mp4']) await says(page, name, 'Uploaded')
  await page.waitForFunction(`test.said().join(' ').includes('uploaded')`)
  const said = await call<string[]>(page, 'said')
  expect(said[0]).toBe('2 files added. c.txt: Files of this type are not accepted.')
  expect(said.length).toBeLessThanOrEqual(3)
  expect(said.join(' ')).not.toContain('%')
})

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg==',
  'base64',
)

/** Chooses the picture as the cover of a file, by the button of its row. */
async function chooseCover(page: Page, name: string) {
  const chooserOpens = page.waitForEvent('filechooser')
  await button(page, `Choose a cover for ${name}`).click()
  await (await chooserOpens).setFiles({ name: 'sea.png', mimeType: 'image/png', buffer: png })
}

test('a cover is chosen while its video is uploaded, or afterwards, and nothing is sent twice', async () => {
  const way = await gatedWay(3)
  const page = await pageWith(element(way.url, 'multiple covers'))
  await makeFile(page, 'during.mp4', 6, 90)
  await drop(page, ['during.mp4'])
  await way.stored(3)
  await chooseCover(page, 'during.mp4')
  way.open()
  way.cut()
  await says(page, 'during.mp4', 'Uploaded')
  const sent = way.acknowledged.length
  // The cover has a part of its own; the last one is not listed while an earlier one is missing.
  const again = way.acknowledged.filter((offset, index) => way.acknowledged.indexOf(offset) < index)
  expect(again.filter((offset) => offset !== 6 * 1_048_576)).toEqual([0])

  await makeFile(page, 'after.mp4', 1, 91)
  await drop(page, ['after.mp4'])
  await says(page, 'after.mp4', 'Uploaded')
  expect((await uploaded(page)).map(({ coverUrl }) => typeof coverUrl)).toEqual(['string', 'undefined'])
  await chooseCover(page, 'after.mp4')
  await page.waitForFunction(`test.told().filter(({ kind }) => kind === 'uploaded').length === 3`)
  const [during, , after] = await uploaded(page)
  expect(way.acknowledged.length).toBe(sent + 3)
  for (const one of [during, after]) {
    expect(Buffer.from(await (await fetch(one?.coverUrl ?? '')).arrayBuffer()).equals(png)).toBe(true)
  }
  expect(await rowOf(page, 'after.mp4').locator('canvas').count()).toBe(1)
})

test('a cover that is refused leaves its video uploaded, and can be tried again', async () => {
  const { url } = await service()
  let allowed = false
  const sign = (file: HashedFile) => (allowed || file.coverOf === undefined ? goodSignature(file) : undefined)
  const page = await pageWith(element(url, 'covers manual'), { sign })
  await makeFile(page, 'uncovered.mp4', 1, 92)
  await drop(page, ['uncovered.mp4'])
  await says(page, 'uncovered.mp4', 'Ready to upload')
  await chooseCover(page, 'uncovered.mp4')
  await button(page, 'Start uncovered.mp4').click()
  await says(page, 'uncovered.mp4', 'The video is uploaded, its cover is not.')
  expect((await told(page)).map(({ kind }) => kind)).toEqual(['added', 'uploaded', 'error'])
  allowed = true
  await button(page, 'Try uncovered.mp4 again').click()
  await says(page, 'uncovered.mp4', 'Uploaded')
  expect((await uploaded(page)).at(-1)).toMatchObject({ coverUrl: expect.any(String) })
})

test('its parts have roles and names', async () => {
  const way = await gatedWay(1)
  const page = await pageWith(element(way.url, 'multiple covers'))
  await makeFile(page, 'sea.mp4', 4, 61)
  await makeFile(page, 'notes.txt', 1, 62)
  await drop(page, ['sea.mp4', 'notes.txt'])
  await way.stored(1)
  await button(page, 'Pause sea.mp4').click()
  await says(page, 'sea.mp4', 'Paused')
  await page.getByText('sea.mp4 added.').waitFor()
  const snapshot = (await page.locator('sluice-upload').ariaSnapshot()).replace(/\d+%/g, 'N%')
  expect(snapshot.split('\n')).toEqual([
    '- button "Drop videos here or choose from your device":',
    '  - strong: Drop videos here',
    '  - text: or choose from your device',
    '- text: 0 of 1 uploaded',
    '- button "Resume all"',
    '- list "Files":',
    '  - listitem:',
    '    - text: sea.mp4',
    '    - progressbar "Progress of sea.mp4"',
    '    - text: Paused · N% of 4.2 MB',
    '    - button "Choose a cover for sea.mp4"',
    '    - button "Resume sea.mp4"',
    '    - button "Remove sea.mp4"',
    '  - listitem:',
    '    - text: notes.txt Files of this type are not accepted.',
    '    - button "Remove notes.txt"',
    '- status: "sea.mp4 added. notes.txt: Files of this type are not accepted."',
  ])
})

test('it is as light or dark as its page, or as it is told to be', async () => {
  const { url } = await service()
  const page = await pageWith(element(url))
  const background = () =>
    page.evaluate(`getComputedStyle(document.querySelector('sluice-upload')).backgroundColor`) as Promise<string>
  const [light, dark] = ['rgb(255, 255, 255)', 'rgb(23, 26, 32)']
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await background()).toBe(light)
  await page.evaluate(`document.documentElement.style.colorScheme = 'light dark'`)
  expect(await background()).toBe(dark)
  await change(page, `upload.setAttribute('color-scheme', 'light')`)
  expect(await background()).toBe(light)
  await page.evaluate(`document.documentElement.style.colorScheme = ''`)
  await change(page, `upload.setAttribute('color-scheme', 'auto')`)
  expect(await background()).toBe(dark)
})

test('the name of a file is text, whatever it holds', async () => {
  const { url } = await service()
  const page = await pageWith(element(url))
  const name = '<img src=x onerror=alert(1)>.mp4'
  await change(page, `upload.addFiles([new File(['video'], ${JSON.stringify(name)})])`)
  await says(page, name, 'Uploaded')
  expect(await page.locator('sluice-upload img').count()).toBe(0)
})

test('without multiple a new file takes the place of the old one, one that is not taken does not', async () => {
  const way = await gatedWay(2)
  const page = await pageWith(element(way.url, ''))
  for (const [seed, name] of ['old.mp4', 'not.txt', 'new.mp4', 'other.mp4'].entries()) {
    await makeFile(page, name, 3, 63 + seed)
  }
  await drop(page, ['old.mp4'])
  await way.stored(2)
  await drop(page, ['not.txt'])
  await says(page, 'not.txt', 'Files of this type are not accepted.')
  expect(await button(page, 'Pause old.mp4').count()).toBe(1)
  way.open()
  await drop(page, ['new.mp4', 'other.mp4'])
  await says(page, 'new.mp4', 'Uploaded')
  await says(page, 'other.mp4', 'No more than 1 at a time.')
  expect(await page.getByRole('listitem').count()).toBe(2)
})

test('disabled it takes nothing, and what is under way goes on', async () => {
  const way = await gatedWay(1)
  const page = await pageWith(element(way.url))
  await makeFile(page, 'under way.mp4', 3, 68)
  await makeFile(page, 'too late.mp4', 1, 69)
  await drop(page, ['under way.mp4'])
  await way.stored(1)
  await change(page, 'upload.disabled = true')
  expect(await page.getByRole('button', { name: 'Drop videos here' }).isDisabled()).toBe(true)
  await drop(page, ['too late.mp4'])
  way.open()
  way.cut()
  await says(page, 'under way.mp4', 'Uploaded')
  expect(await page.getByRole('listitem').count()).toBe(1)
})

test('a folder is dropped with what is in it, and files are pasted', async () => {
  const { url } = await service()
  const page = await pageWith(element(url))
  const directory = temporaryDirectory()
  mkdirSync(join(directory, 'trip/day 2'), { recursive: true })
  for (const name of ['trip/one.mp4', 'trip/day 2/two.mp4', 'trip/.hidden.mp4']) {
    writeFileSync(join(directory, name), Buffer.alloc(1_000_000, name))
  }
  // The browser's own drag, from outside.
  const { x = 0, y = 0 } = (await page.locator('[part=dropzone]').boundingBox()) ?? {}
  const data = { items: [], files: [join(directory, 'trip')], dragOperationsMask: 1 }
  const session = await page.context().newCDPSession(page)
  for (const type of ['dragEnter', 'dragOver'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data })
  }
  expect(await call(page, 'textOfZone')).toContain('Drop to upload')
  await session.send('Input.dispatchDragEvent', { type: 'drop', x: x + 20, y: y + 20, data })
  await says(page, 'one.mp4', 'Uploaded')
  await says(page, 'two.mp4', 'Uploaded')
  expect(await page.getByRole('listitem').count()).toBe(2)
  expect(await call(page, 'textOfZone')).toContain('Drop videos here')

  await makeFile(page, 'pasted.mp4', 1, 67)
  await call(page, 'paste', 'sluice-upload', 'pasted.mp4')
  await says(page, 'pasted.mp4', 'Uploaded')
})

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

test.each(['light', 'dark'] as const)('axe finds nothing wrong with it, %s', async (colorScheme) => {
  const way = await gatedWay(3)
  const page = await pageWith(element(way.url, `multiple covers color-scheme="${colorScheme}"`))
  if (colorScheme === 'dark') await page.evaluate(`document.documentElement.style.background = '#111'`)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const [seed, name] of ['sending.mp4', 'paused.mp4', 'not.txt'].entries())
    await makeFile(page, name, 6, 50 + seed)
  await drop(page, ['sending.mp4', 'paused.mp4', 'not.txt'])
  await way.stored(3)
  await button(page, 'Pause paused.mp4').click()
  await page.addScriptTag({ path: axe })
  const violations = await page.evaluate(`axe.run('sluice-upload').then(({ violations }) => violations)`)
  expect(violations).toEqual([])
})

test('it speaks the language of the page, or its own, or the texts it is given', async () => {
  const { url } = await service()
  const page = await pageWith(`<div lang="zh-CN">${element(url)}</div>`)
  const zone = page.locator('[part=dropzone]')
  expect(await zone.textContent()).toContain('将视频拖到这里')
  await makeFile(page, '假日.mp4', 1, 60)
  await drop(page, ['假日.mp4'])
  await says(page, '假日.mp4', '已上传 · 1 MB')
  expect(await button(page, '移除 假日.mp4').count()).toBe(1)
  await change(page, `upload.lang = 'en'`)
  await says(page, '假日.mp4', 'Uploaded · 1 MB')
  await change(page, `upload.lang = 'de'; upload.texts = { uploaded: 'Hochgeladen · {total}' }`)
  await says(page, '假日.mp4', 'Hochgeladen · 1 MB')
})

test('a file removed while it is uploaded is uploaded no further', async () => {
  const way = await gatedWay(3)
  const page = await pageWith(element(way.url))
  await makeFile(page, 'removed.mp4', 10, 70)
  await drop(page, ['removed.mp4'])
  await way.stored(3)
  await button(page, 'Remove removed.mp4').click()
  await page.getByRole('listitem').waitFor({ state: 'detached' })
  way.open()
  way.cut()
  await makeFile(page, 'after.mp4', 1, 71)
  await drop(page, ['after.mp4'])
  await says(page, 'after.mp4', 'Uploaded')
  expect(new Set(way.acknowledged).size).toBeLessThan(10)
  expect((await told(page)).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'added removed.mp4',
    'removed removed.mp4',
    'added after.mp4',
    'uploaded after.mp4',
  ])
})

test('out of the page it stops, and put back it goes on', async () => {
  const way = await gatedWay(3)
  const page = await pageWith(`<main>${element(way.url)}</main>`)
  await makeFile(page, 'moved.mp4', 8, 72)
  await drop(page, ['moved.mp4'])
  await way.stored(3)
  await change(page, `upload.remove(); window.removed = upload`)
  await page.waitForFunction(`removed.items[0].state.is === 'waiting'`)
  way.open()
  await page.evaluate(`document.querySelector('main').append(removed)`)
  await says(page, 'moved.mp4', 'Uploaded')
})

test('of two elements on a page each has its own files', async () => {
  const { url } = await service()
  const page = await pageWith(`${element(url, 'id="left"')}${element(url, 'id="right"')}`)
  await makeFile(page, 'left.mp4', 1, 80)
  await makeFile(page, 'right.mp4', 1, 81)
  await Promise.all([drop(page, ['left.mp4'], '#left'), drop(page, ['right.mp4'], '#right')])
  await says(page, 'left.mp4', 'Uploaded')
  await says(page, 'right.mp4', 'Uploaded')
  expect((await uploaded(page)).map(({ element, name }) => `${element} ${name}`).sort()).toEqual([
    'left left.mp4',
    'right right.mp4',
  ])
})

test('one script is enough, also twice, under a strict content security policy', async () => {
  const { url } = await service()
  const csp = `default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self' ${url}`
  const script = '/sdk/sluice-upload.js'
  const page = await pageWith(element(url, 'worker-url="/sdk/worker.js"'), { csp, script })
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  await page.addScriptTag({ url: `${script}?again` })
  await makeFile(page, 'strict.mp4', 1, 82)
  const working = page.waitForEvent('worker')
  await drop(page, ['strict.mp4'])
  await working
  await says(page, 'strict.mp4', 'Uploaded')
  const zone = `document.querySelector('sluice-upload').shadowRoot.querySelector('[part=dropzone]')`
  expect(await page.evaluate(`getComputedStyle(${zone}).borderRadius`)).toBe('12px')
  expect(complaints).toEqual([])
})

test('what is set before the element is defined counts', async () => {
  const { url } = await service()
  const page = await pageWith('<sluice-upload></sluice-upload>', { script: '/page.js' })
  await change(page, `upload.url = '${url}'; upload.signUrl = '/sign'; upload.texts = { uploaded: 'Here' }`)
  await page.addScriptTag({ url: '/sdk/component.js', type: 'module' })
  await makeFile(page, 'early.mp4', 1, 84)
  await drop(page, ['early.mp4'])
  await says(page, 'early.mp4', 'Here')
})

test('the page is asked before it is left only while something is under way, and only if it says so', async () => {
  const way = await gatedWay(1)
  const page = await pageWith(element(way.url, 'multiple warn-on-leave') + element(way.url, 'id="idle" warn-on-leave'))
  const asks = () => call<boolean>(page, 'asksBeforeLeaving')
  expect(await asks()).toBe(false)
  await makeFile(page, 'leaving.mp4', 4, 83)
  await drop(page, ['leaving.mp4'])
  await way.stored(1)
  await page.evaluate(`document.querySelector('#idle').remove()`)
  expect(await asks()).toBe(true)
  await change(page, 'upload.warnOnLeave = false')
  expect(await asks()).toBe(false)
  await change(page, 'upload.warnOnLeave = true')
  way.open()
  way.cut()
  await says(page, 'leaving.mp4', 'Uploaded')
  expect(await asks()).toBe(false)
})
