import { measureLoad, usualLoad } from '../measure/measure-load.ts'
import { sluice } from '../servers/servers.ts'
import type { Chart } from './svg.ts'

const mib = 1_048_576

/** Finish and memory against the size of a file. Small files are sent often enough for a median. */
export async function byFileSize(): Promise<Record<string, Chart>> {
  const finish: [number, number][] = []
  const memory: [number, number][] = []
  for (const [sizeMib, files] of [
    [64, 31],
    [256, 15],
    [1024, 7],
    [4096, 5],
    [10_240, 5],
  ] as const) {
    const figures = await measureLoad(sluice, { ...usualLoad, fileSize: sizeMib * mib, files })
    finish.push([sizeMib, figures.finishMs.p50])
    memory.push([sizeMib, figures.peakMemory / mib])
  }
  const x = { xLabel: 'size of the file, MiB', logX: true }
  return {
    'finish-by-file-size': {
      ...x,
      title: 'FinishUpload, median',
      yLabel: 'ms',
      series: [{ name: 'Sluice', points: finish }],
    },
    'memory-by-file-size': { ...x, title: 'Peak memory', yLabel: 'MiB', series: [{ name: 'Sluice', points: memory }] },
  }
}
