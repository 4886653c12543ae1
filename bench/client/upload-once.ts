/**
 * Uploads one file with the SDK, as a process of its own, and prints what it took: `{"cpuS", "hashedS", "wallS",
 * "peakMemory"}`. With a directory its hash is remembered there.
 */
import { fileStore, upload } from '@sluice/client'
import { serverCredentials } from '@sluice/client/server-credentials'
import { keys } from '../load/protocols.ts'

const [, , path = '', url = '', parallel = '6', directory] = process.argv
let hashedS = Number.NaN
const startedAt = performance.now()
const sinceS = () => (performance.now() - startedAt) / 1000
await upload(path, {
  url,
  credentials: serverCredentials(keys),
  parallel: Number(parallel),
  resumeStore: directory !== undefined && fileStore(directory),
  onProgress({ hashedBytes, totalBytes }) {
    if (hashedBytes === totalBytes && Number.isNaN(hashedS)) hashedS = sinceS()
  },
})
const wallS = sinceS()
const { user, system } = process.cpuUsage()
const peakMemory = process.resourceUsage().maxRSS * 1024
console.log(JSON.stringify({ cpuS: (user + system) / 1e6, hashedS, wallS, peakMemory }))
