import { expect } from 'vitest'
import type { TestService } from './service.ts'

/** The figures of a service, by name and labels as they stand on the page: `sluice_requests_total{action="Report",code="0"}`. */
export async function readMetrics({ url }: Pick<TestService, 'url'>): Promise<(name: string) => number> {
  const page = await (await fetch(`${url}/metrics`)).text()
  const samples = new Map<string, number>()
  for (const line of page.split('\n')) {
    const end = line.lastIndexOf(' ')
    if (line !== '' && !line.startsWith('#')) samples.set(line.slice(0, end), Number(line.slice(end + 1)))
  }
  return (name) => samples.get(name) ?? 0
}

/** The memory of parts in flight, and how many parts wait for some. */
export async function readPool(service: Pick<TestService, 'url'>): Promise<{ bytes: number; waiting: number }> {
  const metric = await readMetrics(service)
  return { bytes: metric('sluice_bytes_in_flight'), waiting: metric('sluice_waiting_requests') }
}

/** Waits until the memory of parts in flight is used so far. */
export async function poolBecomes(
  service: Pick<TestService, 'url'>,
  expected: { bytes: number; waiting: number },
): Promise<void> {
  await expect.poll(() => readPool(service), { interval: 5, timeout: 10_000 }).toEqual(expected)
}

/** Waits until nobody holds memory or waits for some. */
export function poolIsEmpty(service: Pick<TestService, 'url'>): Promise<void> {
  return poolBecomes(service, { bytes: 0, waiting: 0 })
}
