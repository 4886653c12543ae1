import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { buildForBrowsers } from '../../packages/client/build.ts'
import { benchDirectory } from '../measure/server-process.ts'

/** Bytes of a page that does nothing but upload, worker included: minified, and compressed besides. */
export async function measureBundle(): Promise<{ minified: number; gzipped: number }> {
  const directory = mkdtempSync(join(benchDirectory, '.bench-'))
  try {
    await buildForBrowsers(directory)
    const input = join(directory, 'page.js')
    writeFileSync(input, `import { upload } from './index.js'; self.upload = upload`)
    const bundle = await rolldown({ input, platform: 'browser', logLevel: 'silent' })
    const { output } = await bundle.generate({ format: 'esm', minify: true })
    const { code } = output[0]
    return { minified: code.length, gzipped: gzipSync(code).length }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
