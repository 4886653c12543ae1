import { limits } from '@sluice/protocol'
import { formatBytes } from '../quantities.ts'
import { type Answer, ask, describe, envelopeOf, NoAnswer } from './ask.ts'
import { failed, ok, type Verdict, warning } from './finding.ts'
import type { Subject } from './subject.ts'

/** What Sluice reads of a body that it refuses. One more byte, and it answers without waiting for the rest. */
const drainedBytes = limits.maxDataSize + limits.bodySlack

/** An announced body that Sluice gives up, yet below the 2 MiB that proxies are told to let through. */
const announcedBytes = limits.maxDataSize + 262_144

/** How long a body may take on a slow line. */
const bodyTimeoutMs = 30_000

const allowRemedy = 'Let the proxy take bodies of 2 MiB (nginx: client_max_body_size 2m).'

/** Whether parts of every size fit through, and reach the service while they are being sent. */
export async function checkBodies({ url }: Subject): Promise<Verdict> {
  const startedAt = performance.now()
  const largest = await sendPart(url, limits.maxDataSize)
  if (!envelopeOf(largest)) {
    const smallest = await sendPart(url, limits.minDataSize)
    const which = envelopeOf(smallest) ? 'the largest parts' : 'every part'
    return failed(`a body of 1 MiB is answered ${describe(largest)}: ${which} of an upload will be`, allowRemedy)
  }
  const tookMs = performance.now() - startedAt
  return judgeUnfinished(url, Math.ceil(1_500 + 2 * tookMs))
}

/** A part without a signature: the service reads it to its end, and keeps nothing of it. */
function sendPart(url: URL, bytes: number): Promise<Answer> {
  return ask(partUrl(url), { ...partQuestion, body: Buffer.alloc(bytes), timeoutMs: bodyTimeoutMs })
}

/**
 * Sends a body that is too long, as far as Sluice reads such a one, and no further. It answers then, if it got those
 * bytes; behind a proxy that waits for the whole body it never saw any.
 */
async function judgeUnfinished(url: URL, timeoutMs: number): Promise<Verdict> {
  const unfinished = { ...partQuestion, body: Buffer.alloc(drainedBytes + 1), announcedBytes, timeoutMs }
  let answer: Answer
  try {
    answer = await ask(partUrl(url), unfinished)
  } catch (error) {
    if (!(error instanceof NoAnswer && error.code === 'timeout')) throw error
    return warning(
      'a proxy keeps every body until it is complete, and only then sends it on: parts take twice their time, and its disk',
      'Have it pass them on as they come (nginx: proxy_request_buffering off; with proxy_http_version 1.1).',
    )
  }
  if (envelopeOf(answer)) return ok('parts of 1 MiB pass, and reach the service while they are sent')
  return warning(
    `a body of ${formatBytes(announcedBytes)} is answered ${describe(answer)}: what is too long should be refused by Sluice, in a form that clients understand`,
    allowRemedy,
  )
}

const partQuestion = { method: 'POST', headers: { 'content-type': 'application/octet-stream' } } as const

function partUrl(url: URL): URL {
  return new URL(`${url}?Action=UploadPart`)
}
