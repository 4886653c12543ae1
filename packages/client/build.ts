/**
 * Builds what is published, into `packages/client/dist`: bundles without dependencies, types, and their package.json.
 *
 *     npm run build -w @sluice/client && npm publish packages/client/dist
 *
 * Inside the workspace everything runs from source; only browsers, Node 20 and the registry need this.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type InputOptions, type Plugin, rolldown } from 'rolldown'

const here = dirname(fileURLToPath(import.meta.url))
const source = (name: string) => join(here, 'src', name)
const typesOf = (name: string) => `./types/client/src/${name}.d.ts`

/**
 * Bundles for browsers: `index.js`, with the worker inside as a string, and the same worker as `worker.js`; the element as
 * `component.js`, beside `index.js`, and as `sluice-upload.js`, which is one script with all it needs.
 */
export async function buildForBrowsers(directory: string): Promise<void> {
  const worker = await bundle({ input: source('browser/worker.ts'), platform: 'browser' })
  const { output } = await worker.generate({ format: 'iife', minify: true })
  const { code } = output[0]
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'worker.js'), code)
  const withWorker = replaceModule(
    source('browser/worker-code.ts'),
    `export const workerCode = ${JSON.stringify(code)}`,
  )
  const index = await bundle({ input: source('index.ts'), platform: 'browser', plugins: [withWorker] })
  await index.write({ dir: directory, format: 'esm' })
  const component = await bundle({ input: source('component.ts'), platform: 'browser', plugins: [besideIndex] })
  await component.write({ dir: directory, format: 'esm' })
  const script = await bundle({ input: source('component.ts'), platform: 'browser', plugins: [withWorker] })
  await script.write({ file: join(directory, 'sluice-upload.js'), format: 'iife', name: 'sluice', minify: true })
}

/** The element uses the SDK that the page has. */
const besideIndex: Plugin = {
  name: 'beside-index',
  resolveId: (id) => (/^\.\.\/(index|shared-entry)\.ts$/.test(id) ? { id: './index.js', external: true } : null),
}

async function buildForNode(directory: string): Promise<void> {
  const thread = await bundle({ input: source('node/thread.ts'), platform: 'node' })
  const { output } = await thread.generate({ format: 'cjs', minify: true })
  const withThread = replaceModule(
    source('node/thread-code.ts'),
    `export const threadCode = ${JSON.stringify(output[0].code)}`,
  )
  const input = { node: source('node.ts'), 'server-credentials': source('server-credentials.ts') }
  const node = await bundle({ input, platform: 'node', plugins: [withThread] })
  await node.write({ dir: directory, format: 'esm', chunkFileNames: 'shared.js' })
}

function bundle(options: InputOptions) {
  return rolldown({ ...options, treeshake: { moduleSideEffects: false } })
}

function replaceModule(path: string, code: string): Plugin {
  return { name: 'replace-module', load: (id) => (id === path ? code : null) }
}

/** Declarations of this package and of protocol, which has no package of its own when published. */
function writeTypes(directory: string): void {
  const types = join(directory, 'types')
  const tsc = join(here, '../../node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', join(here, 'tsconfig.build.json'), '--outDir', types])
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue
    const path = join(types, name)
    const protocol = relative(dirname(path), join(types, 'protocol/src'))
    const text = readFileSync(path, 'utf8')
      .replace(/(['"])(\.[^'"]*)\.ts\1/g, "'$2.js'")
      .replaceAll('@sluice/protocol/signatures', `${protocol}/signatures/index.js`)
      .replaceAll('@sluice/protocol', `${protocol}/index.js`)
    writeFileSync(path, text)
  }
}

function writePackage(directory: string): void {
  const { name, version, license, type, description, engines } = JSON.parse(
    readFileSync(join(here, 'package.json'), 'utf8'),
  )
  const entry = (file: string) => ({ types: typesOf(file), default: `./${file}.js` })
  const exports = {
    '.': { node: entry('node'), ...entry('index') },
    './node': entry('node'),
    './component': entry('component'),
    './sluice-upload': './sluice-upload.js',
    // Under no condition that a bundler for browsers has: signing with a secret cannot get into a page.
    './server-credentials': { types: typesOf('server-credentials'), node: './server-credentials.js' },
    './worker': './worker.js',
    './package.json': './package.json',
  }
  const sideEffects = ['./component.js', './sluice-upload.js']
  const published = { name, version, license, type, sideEffects, exports, description, engines }
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  copyFileSync(join(here, 'README.md'), join(directory, 'README.md'))
  copyFileSync(join(here, '../../LICENSE'), join(directory, 'LICENSE'))
}

/** Builds the whole package into a directory, which is emptied first. */
export async function buildPackage(directory: string): Promise<void> {
  rmSync(directory, { recursive: true, force: true })
  await buildForBrowsers(directory)
  await buildForNode(directory)
  writeTypes(directory)
  writePackage(directory)
}

if (import.meta.main) await buildPackage(join(here, 'dist'))
