import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { startBrowser } from '../../packages/client/test/browser/browser.ts'

/** A way to hash, and its rates, one for each round. */
export interface HashFigures {
  readonly name: string
  readonly mibPerS: readonly number[]
}

/** Lets a worker of a real browser hash, `rounds` times, a file of so many MiB among other things. */
export async function measureHashing(rounds: number, fileMib: number): Promise<HashFigures[]> {
  const input = fileURLToPath(new URL('hash-worker.ts', import.meta.url))
  const bundle = await rolldown({ input, platform: 'browser', logLevel: 'silent' })
  const { output } = await bundle.generate({ format: 'iife' })
  const browser = await startBrowser()
  try {
    const page = await browser.open()
    await page.evaluate(`test.makeFile('bench.mp4', ${fileMib}, 1)`)
    return (await page.evaluate(`(async () => {
      const root = await navigator.storage.getDirectory()
      const file = await (await root.getFileHandle('bench.mp4')).getFile()
      const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(output[0].code)}])))
      return new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => reject(new Error(message))
        worker.postMessage({ file, rounds: ${rounds} })
      })
    })()`)) as HashFigures[]
  } finally {
    await browser.close()
  }
}
