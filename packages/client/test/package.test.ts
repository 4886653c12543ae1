import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPackage } from '../build.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
let dir = ''
let built = ''

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-package-'))
  built = join(dir, 'dist')
  await buildPackage(built)
  mkdirSync(join(dir, 'app/node_modules/@sluice'), { recursive: true })
  symlinkSync(built, join(dir, 'app/node_modules/@sluice/client'))
}, 60_000)
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Bundles an app of one file that has the package installed. */
async function bundleApp(code: string, platform: 'browser' | 'node' = 'browser') {
  const input = join(dir, 'app/main.js')
  writeFileSync(input, code)
  const bundle = await rolldown({ input, platform, logLevel: 'silent', resolve: { symlinks: false } })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  return output[0].code
}

test('what is published passes publint', async () => {
  const { messages, pkg } = await publint({ pkgDir: built, strict: true })
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
})

test('its types are right, for Node and for bundlers', () => {
  const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
  const options = ['--profile', 'esm-only', '--exclude-entrypoints', 'worker', 'sluice-upload', '--format', 'json']
  const { analysis } = JSON.parse(
    execFileSync(process.execPath, [attw, '--pack', built, ...options], { encoding: 'utf8' }),
  )
  expect(Object.keys(analysis.entrypoints)).toEqual([
    '.',
    './node',
    './component',
    './server-credentials',
    './package.json',
  ])
  for (const { resolutions } of Object.values<{ resolutions: Record<string, object> }>(analysis.entrypoints)) {
    for (const kind of ['node16-esm', 'bundler']) {
      expect(resolutions[kind]).toMatchObject({ resolution: { fileName: expect.any(String) } })
    }
  }
}, 60_000)

/** In the code of the hashing thread, a string, quotes are escaped. */
const noOtherPackage = /from ["']@sluice|import\(|require\((?!\\?["'`]node:)/

test('it rests on no other package, and has types of all it exports', () => {
  const { dependencies, exports } = JSON.parse(readFileSync(join(built, 'package.json'), 'utf8'))
  expect(dependencies).toBeUndefined()
  expect(Object.keys(exports)).toContain('./server-credentials')
  for (const name of [
    'node.js',
    'server-credentials.js',
    'worker.js',
    'sluice-upload.js',
    'index.js',
    'component.js',
  ]) {
    const text = readFileSync(join(built, name), 'utf8')
    expect(text).not.toMatch(noOtherPackage)
  }
})

test('an app for browsers that uploads takes less than 15 kB, compressed', async () => {
  const code = await bundleApp(`import { upload } from '@sluice/client'; self.upload = upload`)
  const { length } = gzipSync(code)
  expect(length).toBeLessThan(15_000)
  expect(code).not.toMatch(/node:/)
})

test.each([
  [`import '@sluice/client/component'`, 26_000],
  // One copy of the SDK serves the element and the page.
  [`import { upload } from '@sluice/client'; import '@sluice/client/component'; self.upload = upload`, 26_000],
])('with the element it takes less than 26 kB: %s', async (code, most) => {
  const bundled = await bundleApp(code)
  expect(bundled).toContain('sluice-upload')
  expect(gzipSync(bundled).length).toBeLessThan(most)
})

test('the element in one script takes less than 26 kB, compressed', () => {
  expect(gzipSync(readFileSync(join(built, 'sluice-upload.js'))).length).toBeLessThan(26_000)
})

test('the element can be imported where there is no DOM', () => {
  const main = join(dir, 'app/render.mjs')
  writeFileSync(main, `import { SluiceUpload } from '@sluice/client/component'; console.log(typeof SluiceUpload)`)
  expect(execFileSync(machineNode(), [main], { encoding: 'utf8' })).toBe('function\n')
})

test('what an app does not use is left out of it', async () => {
  const code = await bundleApp(`import { UploadError } from '@sluice/client'; self.E = UploadError`)
  expect(gzipSync(code).length).toBeLessThan(3_500)
})

test('signing with a secret cannot get into a page', async () => {
  const code = `import { serverCredentials } from '@sluice/client/server-credentials'; self.s = serverCredentials`
  await expect(bundleApp(code)).rejects.toThrow(/server-credentials/)
  expect(await bundleApp(code, 'node')).toMatch(/node:crypto/)
})

test('the examples of its page are right by its types', () => {
  const readme = readFileSync(join(built, 'README.md'), 'utf8')
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
  expect(examples.length).toBeGreaterThan(4)
  const files = examples.map((code, index) => {
    const path = join(dir, `app/example-${index}.mts`)
    writeFileSync(path, code)
    return path
  })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const types = [
    '--types',
    'node',
    '--typeRoots',
    join(root, 'node_modules/@types'),
    '--lib',
    'es2024,dom,dom.iterable',
  ]
  const rules = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext']
  for (const [index, file] of files.entries()) {
    // Node's conditions lead to Node's types: a page sees the others.
    const isForNode = /node/.test(examples[index] ?? '')
    const resolution = isForNode ? [] : ['--module', 'preserve', '--moduleResolution', 'bundler']
    const { stdout } = spawnSync(process.execPath, [tsc, ...rules, ...types, ...resolution, file], {
      cwd: join(dir, 'app'),
      encoding: 'utf8',
    })
    expect(stdout).toBe('')
  }
})

/** The Node of the machine, often an older one than the workspace brings. */
function machineNode(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  return folders.map((folder) => join(folder, 'node')).find(existsSync) ?? process.execPath
}

/** Uploads a file, named to it, whose service has it already; prints the version of Node and the SHA-1. */
const uploader = `import { fileStore, upload } from '@sluice/client'
    import { serverCredentials } from '@sluice/client/server-credentials'
    const credentials = serverCredentials({ secretId: 'a', secretKey: 'b' })
    const transport = async ({ url }) => ({
      status: 200,
      text: JSON.stringify({ code: 2, fileId: new URL(url).searchParams.get('fileSha'), url: '' }),
    })
    let threads = 0
    process.on('worker', () => threads++)
    const [file, store] = process.argv.slice(-2)
    for (const resumeStore of [false, fileStore(store)]) {
      const { fileId } = await upload(file, { url: 'http://sluice.test', credentials, transport, resumeStore })
      console.log(process.versions.node.split('.')[0], threads, fileId)
    }`

test.each([
  ['as installed, without types to strip', async () => uploader],
  ['in a bundle', () => bundleApp(uploader, 'node')],
])('it runs %s, and hashes in a thread', async (_, code) => {
  const [main, file] = [join(dir, 'app/main.mjs'), join(dir, 'app/video.mp4')]
  writeFileSync(main, await code())
  const bytes = randomBytes(3_000_000)
  writeFileSync(file, bytes)
  const args = [main, file, join(dir, 'store')]
  const text = execFileSync(machineNode(), args, { encoding: 'utf8' })
  const line = `\\d+ 1 ${createHash('sha1').update(bytes).digest('hex')}\n`
  expect(text).toMatch(new RegExp(`^${line}${line}$`))
})
