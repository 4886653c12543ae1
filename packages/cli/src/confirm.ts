import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** Asks on the terminal; anything but `y` or `yes` is no, and so is the end of the input. */
export async function confirm(question: string): Promise<boolean> {
  process.stderr.write(`${question} [y/N] `)
  const lines = createInterface({ input: process.stdin })
  try {
    const [answer] = await Promise.race([once(lines, 'line'), once(lines, 'close').then(() => [''])])
    return /^y(es)?$/i.test(String(answer).trim())
  } finally {
    lines.close()
  }
}
