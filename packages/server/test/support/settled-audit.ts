import { setTimeout as sleep } from 'node:timers/promises'
import { audit } from './audit.ts'

/** The audit of a service that has just started, once it has cleared up: what it says for good. */
export async function settledAudit(directory: string, seen: Set<string> = new Set()): Promise<string[]> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const problems = audit(directory, { seen: new Set(seen) })
    if (problems.length === 0 || Date.now() > deadline) {
      audit(directory, { seen })
      return problems
    }
    await sleep(20)
  }
}
