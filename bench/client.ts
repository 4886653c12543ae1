/**
 * What the upload SDK costs, as ratios within one run:
 *
 *     node bench/client.ts [--rounds 3] [--mib 1024] [--only node|browser]
 *
 * In Node its CPU against the two digests alone by openssl, the time of six parts at a time against one, and of a hash that
 * is not kept against one that is; in a browser the rate of its hashing against others'; and what it adds to a page.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureBundle } from './client/bundle-size.ts'
import { type HashFigures, measureHashing } from './client/in-browser.ts'
import { measureOpenssl, measureUpload } from './client/in-node.ts'
import { writeRandomFile } from './client/random-file.ts'
import { spread } from './measure/compare.ts'
import { benchDirectory } from './measure/server-process.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string' }, mib: { type: 'string' }, only: { type: 'string' } },
})
const rounds = Number(values.rounds ?? 3)
const mib = Number(values.mib ?? 1024)

const text = (numbers: readonly number[], digits = 2) => {
  const { median, min, max } = spread(numbers) ?? { median: Number.NaN, min: Number.NaN, max: Number.NaN }
  return `${median.toFixed(digits)} [${min.toFixed(digits)}..${max.toFixed(digits)}]`
}

async function inNode(): Promise<void> {
  const directory = mkdtempSync(join(benchDirectory, '.bench-'))
  try {
    const path = join(directory, 'video.mp4')
    writeRandomFile(path, mib)
    const runs = []
    for (let round = 0; round < rounds; round++) {
      const openssl = measureOpenssl(path)
      const store = join(directory, `hashes-${round}`)
      const [six, one] = [await measureUpload(path, 6), await measureUpload(path, 1)]
      runs.push({ openssl, six, one, kept: await measureUpload(path, 6, store) })
    }
    const gib = mib / 1024
    console.log(`In Node, a file of ${mib} MiB, ${rounds} rounds, medians [min..max]:`)
    console.log(`| openssl dgst -sha1, -md5: CPU-s/GiB | ${text(runs.map(({ openssl }) => openssl / gib))} |`)
    console.log(`| SDK, 6 parts: CPU-s/GiB | ${text(runs.map(({ six }) => six.cpuS / gib))} |`)
    console.log(`| SDK, 6 parts: CPU / openssl | ${text(runs.map(({ openssl, six }) => six.cpuS / openssl))} |`)
    console.log(`| SDK, 1 part: CPU / openssl | ${text(runs.map(({ openssl, one }) => one.cpuS / openssl))} |`)
    console.log(
      `| SDK, 6 parts, hash kept: CPU / openssl | ${text(runs.map(({ openssl, kept }) => kept.cpuS / openssl))} |`,
    )
    console.log(`| SDK: s until it is hashed | ${text(runs.map(({ six }) => six.hashedS))} |`)
    console.log(`| the same, hash kept | ${text(runs.map(({ kept }) => kept.hashedS))} |`)
    console.log(`| not kept / kept | ${text(runs.map(({ six, kept }) => six.hashedS / kept.hashedS))} |`)
    console.log(`| SDK, 6 parts: s | ${text(runs.map(({ six }) => six.wallS))} |`)
    console.log(`| time of 6 parts / of 1 | ${text(runs.map(({ six, one }) => six.wallS / one.wallS))} |`)
    console.log(
      `| SDK, 6 parts: peak MiB | ${text(
        runs.map(({ six }) => six.peakMemory / 1_048_576),
        0,
      )} |`,
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function inBrowser(): Promise<void> {
  const figures = await measureHashing(rounds, Math.min(mib, 256))
  const [ours] = figures as [HashFigures]
  console.log(`In a worker of the browser: MiB/s, and against the first row in the same round`)
  for (const { name, mibPerS } of figures) {
    const ratios = mibPerS.map((rate, round) => rate / (ours.mibPerS[round] ?? Number.NaN))
    console.log(`| ${name} | ${text(mibPerS, 0)} | ${text(ratios)} |`)
  }
}

const { minified, gzipped } = await measureBundle()
console.log(`A page that uploads: ${minified} bytes minified, ${gzipped} compressed`)
if (values.only !== 'browser') await inNode()
if (values.only !== 'node') await inBrowser()
