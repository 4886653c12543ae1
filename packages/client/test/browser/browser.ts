import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { buildForBrowsers } from '../../build.ts'

/** A browser with its profile on disk, and a page of the test on a server of its own, with the built SDK. */
export interface TestBrowser {
  readonly context: BrowserContext
  /** Opens a page of the test in a new tab; `csp` is its content security policy. */
  open(csp?: string, path?: '/' | '/component'): Promise<Page>
  /** Bytes of memory that the browser's page and worker processes have together, without what they share. */
  pageMemory(): Promise<number>
  close(): Promise<void>
}

const flags = [
  '--no-sandbox',
  '--headless=new',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
]

export async function startBrowser(): Promise<TestBrowser> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-browser-'))
  await buildForBrowsers(join(directory, 'sdk'))
  const pages = await servePages(join(directory, 'sdk'))

  const executable = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
  const profile = `--user-data-dir=${join(directory, 'profile')}`
  const child = spawn(executable, [...flags, profile, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  const address = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      const [, url] = /^DevTools listening on (\S+)$/m.exec(text) ?? []
      if (url) resolve(url)
    })
    child.once('exit', () => reject(new Error(`the browser ended: ${text}`)))
  })
  const browser = await chromium.connectOverCDP(address)
  const [context] = browser.contexts()
  if (!context) throw new Error('the browser has no context')

  return {
    context,
    async open(csp = '', path = '/') {
      const page = await context.newPage()
      await page.goto(`${pages.url}${path}?csp=${encodeURIComponent(csp)}`)
      await page.waitForFunction('window.test !== undefined')
      return page
    },
    async pageMemory() {
      const session = await browser.newBrowserCDPSession()
      const { processInfo } = await session.send('SystemInfo.getProcessInfo')
      await session.detach()
      return processInfo.filter(({ type }) => type === 'renderer').reduce((sum, { id }) => sum + ownMemory(id), 0)
    },
    async close() {
      await browser.close()
      child.kill()
      await ended
      pages.close()
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Anonymous memory of a process, bytes; 0 when it is gone. */
function ownMemory(pid: number): number {
  try {
    return Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}

async function servePages(sdk: string) {
  const page = (script: string) =>
    `<!doctype html><html lang="en"><title>upload</title><script type="module" src="${script}"></script>`
  const files: Record<string, string> = {
    '/page.js': fileURLToPath(new URL('page.js', import.meta.url)),
    '/component-page.js': fileURLToPath(new URL('component-page.js', import.meta.url)),
    '/sdk/index.js': join(sdk, 'index.js'),
    '/sdk/component.js': join(sdk, 'component.js'),
    '/sdk/sluice-upload.js': join(sdk, 'sluice-upload.js'),
    '/sdk/worker.js': join(sdk, 'worker.js'),
  }
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
    const file = files[pathname]
    const csp = searchParams.get('csp')
    if (csp) response.setHeader('Content-Security-Policy', csp)
    if (file) response.setHeader('Content-Type', 'text/javascript').end(readFileSync(file))
    else
      response.setHeader('Content-Type', 'text/html').end(page(pathname === '/' ? '/page.js' : `${pathname}-page.js`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A name that browsers hold secure without https.
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}
