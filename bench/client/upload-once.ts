/** Uploads one file with the SDK, as a process of its own, and prints what it took: `{"cpuS", "wallS", "peakMemory"}`. */
import { upload } from '@sluice/client'
import { serverCredentials } from '@sluice/client/server-credentials'
import { keys } from '../load/protocols.ts'

const [, , path = '', url = '', parallel = '6'] = process.argv
const startedAt = performance.now()
await upload(path, { url, credentials: serverCredentials(keys), parallel: Number(parallel) })
const wallS = (performance.now() - startedAt) / 1000
const { user, system } = process.cpuUsage()
console.log(JSON.stringify({ cpuS: (user + system) / 1e6, wallS, peakMemory: process.resourceUsage().maxRSS * 1024 }))
