import { measureLoad, usualLoad } from '../measure/measure-load.ts'
import { sluice } from '../servers/servers.ts'
import type { Chart } from './svg.ts'

const partSize = 524_288
const partsPerAppPerSecond = 10_000 / 60

/** What comes through when 1, 4 and 16 apps each send the documented 10,000 parts (512 KiB) a minute. */
export async function byApps(): Promise<Record<string, Chart>> {
  const offered: [number, number][] = []
  const taken: [number, number][] = []
  const p99: [number, number][] = []
  for (const apps of [1, 4, 16]) {
    const partsPerSecond = apps * partsPerAppPerSecond
    const load = {
      ...usualLoad,
      partSize,
      connections: 6 * apps,
      filesAtOnce: apps,
      files: Math.max(16, 2 * apps),
      partsPerSecond,
    }
    const figures = await measureLoad(sluice, load)
    offered.push([apps, partsPerSecond])
    taken.push([apps, figures.bytes / partSize / (figures.wallMs / 1000)])
    p99.push([apps, figures.partMs.p99])
  }
  const x = { xLabel: 'apps at 10,000 parts a minute each', logX: true }
  return {
    'parts-by-apps': {
      ...x,
      title: 'Parts of 512 KiB a second',
      yLabel: 'parts/s',
      series: [
        { name: 'acknowledged', points: taken },
        { name: 'offered', points: offered },
      ],
    },
  }
}
