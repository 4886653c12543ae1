import { spread } from '../measure/compare.ts'
import { type Figures, measureLoad, usualLoad } from '../measure/measure-load.ts'
import { sluice } from '../servers/servers.ts'
import type { Chart } from './svg.ts'

const mib = 1_048_576

/** CPU, latency and memory against parallel connections. Up to 12 share one file, more bring files of their own. */
export async function byConnections(rounds: number): Promise<Record<string, Chart>> {
  const cpu: [number, number][] = []
  const p99: [number, number][] = []
  const p50: [number, number][] = []
  const memory: [number, number][] = []
  for (const connections of [1, 2, 6, 12, 64, 256]) {
    const filesAtOnce = Math.max(1, Math.floor(connections / 6))
    const files = Math.max(12, filesAtOnce)
    const runs: Figures[] = []
    for (let round = 0; round < rounds; round++) {
      runs.push(await measureLoad(sluice, { ...usualLoad, connections, filesAtOnce, files }))
    }
    const median = (figure: (run: Figures) => number) => spread(runs.map(figure))?.median ?? 0
    cpu.push([connections, median((run) => run.cpuPerGib)])
    p50.push([connections, median((run) => run.partMs.p50)])
    p99.push([connections, median((run) => run.partMs.p99)])
    memory.push([connections, median((run) => run.peakMemory / mib)])
  }
  const x = { xLabel: 'parallel connections', logX: true }
  return {
    'cpu-by-connections': {
      ...x,
      title: 'Server CPU for each GiB',
      yLabel: 'CPU-s/GiB',
      series: [{ name: 'Sluice', points: cpu }],
    },
    'latency-by-connections': {
      ...x,
      title: 'Time of a 1 MiB part',
      yLabel: 'ms',
      series: [
        { name: 'p99', points: p99 },
        { name: 'p50', points: p50 },
      ],
    },
    'memory-by-connections': {
      ...x,
      title: 'Peak memory',
      yLabel: 'MiB',
      series: [{ name: 'Sluice', points: memory }],
    },
  }
}
