import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { byConnections } from './curves/connections.ts'
import { byApps } from './curves/documented-rate.ts'
import { byFileSize } from './curves/file-size.ts'
import { measureLargeState } from './curves/large-state.ts'
import { drawChart } from './curves/svg.ts'
import { compare, type Result, ratioOf, type Spread, spreadOf, type Variant } from './measure/compare.ts'
import { type LoadShape, measureLoad, usualLoad } from './measure/measure-load.ts'
import { hasNginx, nginxDav } from './servers/nginx.ts'
import { plainNode, sluice, tusNode } from './servers/servers.ts'
import { opensslDigests } from './servers/yardstick.ts'

const mib = 1_048_576
const { values } = parseArgs({
  options: {
    long: { type: 'boolean' },
    json: { type: 'string' },
    rounds: { type: 'string' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds ?? (values.long ? 5 : 3))
const files = values.long ? 16 : 8

const yardstick = opensslDigests(512 * mib)
const under = (server: Parameters<typeof measureLoad>[0], load: Partial<LoadShape> = {}) => {
  return () => measureLoad(server, { ...usualLoad, files, ...load })
}
const all: Variant[] = [
  { name: 'openssl dgst -md5, -sha1', measure: yardstick.run },
  { name: 'Sluice, 1 MiB parts', measure: under(sluice) },
  { name: 'Sluice, 512 KiB parts', measure: under(sluice, { partSize: mib / 2 }) },
  { name: 'Sluice, 1 connection', measure: under(sluice, { connections: 1 }) },
  { name: 'plain Node, 1 MiB parts', measure: under(plainNode) },
  { name: 'plain Node, 1 connection', measure: under(plainNode, { connections: 1 }) },
  { name: '@tus/server, 1 MiB PATCH', measure: under(tusNode, { protocol: 'tus' }) },
  { name: '@tus/server, one PATCH a file', measure: under(tusNode, { protocol: 'tus', partSize: 64 * mib }) },
]
if (hasNginx()) all.push({ name: 'nginx WebDAV PUT, 1 MiB', measure: under(nginxDav, { protocol: 'put' }) })

const variants = values.only ? all.filter(({ name }) => name.includes(values.only ?? '')) : all
if (variants.length === 0)
  throw new Error(`--only: expected a part of one of ${all.map(({ name }) => name).join('; ')}`)
let results: Result[]
try {
  results = await compare(variants, rounds)
} finally {
  yardstick.close()
}

const base = results[0] as Result
const text = (spread: Spread | undefined, digits: number) => {
  if (!spread) return ''
  return `${spread.median.toFixed(digits)} [${spread.min.toFixed(digits)}..${spread.max.toFixed(digits)}]`
}
const rows = results.map((result) => [
  result.name,
  text(
    spreadOf(result, (run) => run.cpuPerGib),
    2,
  ),
  text(
    ratioOf(result, base, (run) => run.cpuPerGib),
    2,
  ),
  text(
    spreadOf(result, (run) => run.mibPerSecond),
    0,
  ),
  text(
    spreadOf(result, (run) => run.partMs?.p50),
    1,
  ),
  text(
    spreadOf(result, (run) => run.partMs?.p99),
    1,
  ),
  text(
    spreadOf(result, (run) => run.finishMs?.p50),
    1,
  ),
  text(
    spreadOf(result, (run) => run.peakMemory && run.peakMemory / mib),
    0,
  ),
])
const heading = ['', 'CPU-s/GiB', `/ ${base.name}`, 'MiB/s', 'part p50 ms', 'part p99 ms', 'Finish p50 ms', 'peak MiB']
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}; ${rounds} rounds, medians [min..max]`,
)
for (const row of [heading, heading.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`)
if (values.long) {
  const directory = fileURLToPath(new URL('../docs/performance/', import.meta.url))
  mkdirSync(directory, { recursive: true })
  for (const measureCurves of [byConnections, byFileSize, byApps]) {
    process.stderr.write(`${measureCurves.name}\n`)
    for (const [name, chart] of Object.entries(await measureCurves(rounds))) {
      writeFileSync(join(directory, `${name}.svg`), drawChart(chart))
      for (const { name: series, points } of chart.series)
        console.log(
          `${chart.title}, ${series}: ${points.map((point) => point.map((value) => Number(value.toPrecision(4))).join(' → ')).join(', ')}`,
        )
    }
  }
  const { start, startEmpty, init } = await measureLargeState(rounds)
  console.log(
    `start with 100,000 files and 1,000 open uploads: ${text(start, 0)} ms; with an empty directory: ${text(startEmpty, 0)} ms`,
  )
  console.log(`InitUpload that lists 10,000 parts: ${text(init, 1)} ms`)
}
if (values.json) writeFileSync(values.json, `${JSON.stringify({ node: process.version, rounds, results }, null, 2)}\n`)
