import { callNothing } from './address.ts'
import { type Answer, ask, describe } from './ask.ts'
import { failed, ok, type Verdict } from './finding.ts'
import type { Subject } from './subject.ts'

/** Whether a page of this origin can upload: the preflight of a part, and the part itself. */
export async function checkCors({ url }: Subject, origin: string): Promise<Verdict> {
  const headers = { origin, 'content-type': 'application/octet-stream' }
  return (
    (await preflightTrouble(url, origin, { method: 'POST', header: 'content-type' })) ??
    originTrouble(await callNothing(url, { headers, body: Buffer.from('part') }), origin, 'the answer to a POST') ??
    ok(`pages of ${origin} may upload`)
  )
}

/** What a browser would find wrong with the answer to its preflight, before it sends a request with `header`. */
export async function preflightTrouble(
  url: URL,
  origin: string,
  { method, header }: { readonly method: 'GET' | 'POST'; readonly header: string },
): Promise<Verdict | undefined> {
  const answer = await ask(url, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': header },
  })
  const passOn = `Let the proxy pass OPTIONS on to Sluice, which allows every page (nginx: no "if ($request_method = OPTIONS)", no limit_except).`
  if (answer.status < 200 || answer.status > 299) {
    return failed(`the preflight (OPTIONS) is answered ${describe(answer)}: a browser stops there`, passOn)
  }
  const trouble = originTrouble(answer, origin, 'the answer to the preflight (OPTIONS)')
  if (trouble) return trouble
  const allowed = valuesOf(answer, 'access-control-allow-headers')
  if (allowed.includes('*') || allowed.some((name) => name.toLowerCase() === header)) return undefined
  return failed(`the preflight (OPTIONS) does not allow the header ${header}: a browser stops there`, passOn)
}

/** What a browser would find wrong with an answer's Access-Control-Allow-Origin. */
export function originTrouble(answer: Answer, origin: string, what: string): Verdict | undefined {
  const origins = valuesOf(answer, 'access-control-allow-origin')
  const [first, second] = origins
  if (first === undefined) {
    return failed(
      `${what} (${describe(answer)}) has no Access-Control-Allow-Origin: the page cannot read it`,
      'Sluice sends it with every answer: the proxy must neither take it away (nginx: proxy_hide_header) nor answer OPTIONS by itself.',
    )
  }
  if (second !== undefined) {
    return failed(
      `${what} has Access-Control-Allow-Origin twice (${origins.join(', ')}): a browser takes that for none`,
      'Sluice sends it: take it out of the proxy (nginx: add_header Access-Control-Allow-Origin).',
    )
  }
  if (first === '*' || first === origin) return undefined
  return failed(
    `${what} has Access-Control-Allow-Origin: ${first}: pages of ${origin} cannot read it`,
    'Sluice lets every page read it: have the proxy leave the header alone. If only those pages are to upload, name one with --origin.',
  )
}

/** All values of a header, however they were spread over lines. */
export function valuesOf({ rawHeaders }: Answer, name: string): string[] {
  return rawHeaders
    .flatMap((text, index) => (index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name ? text.split(',') : []))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}
