import { ask, describe, envelopeOf } from './ask.ts'
import { failed, ok, type Verdict, warning } from './finding.ts'
import type { Subject } from './subject.ts'

/** About what a signed call of the server family has: every client needs it. */
const usualBytes = 2_048

/** A UGC signature with ten long tags. Sluice takes 64 KiB. */
const longBytes = 16_384

const remedy = 'Let the proxy take long request lines (nginx: large_client_header_buffers 4 64k).'

/** Whether signatures, which stand in the query, fit through, by GET and by POST. */
export async function checkQuery({ url }: Subject): Promise<Verdict> {
  for (const method of ['POST', 'GET'] as const) {
    const answer = await ask(withQuery(url, usualBytes), { method })
    if (envelopeOf(answer)) continue
    return failed(`a ${method} with a query of ${usualBytes} bytes is answered ${describe(answer)}`, remedy)
  }
  const answer = await ask(withQuery(url, longBytes), { method: 'POST' })
  if (!envelopeOf(answer)) {
    return warning(
      `a query of ${longBytes / 1024} KiB, such as a UGC signature with many tags, is answered ${describe(answer)}`,
      remedy,
    )
  }
  return ok(`queries of ${longBytes / 1024} KiB pass`)
}

function withQuery(url: URL, bytes: number): URL {
  return new URL(`${url}?Action=None&padding=${'x'.repeat(bytes)}`)
}
