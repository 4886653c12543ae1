import type { IncomingHttpHeaders } from 'node:http'
import { phpUrlencode, type QueryPair, splitQuery } from '@sluice/protocol'

/** Reads the body of a form, one character a byte, into pairs as a query has them. */
export type FormReader = (text: string) => QueryPair[]

/** How the body of a POST is to be read as a form; `undefined` when it says that it is none. */
export function formReader({ 'content-type': type = '' }: IncomingHttpHeaders): FormReader | undefined {
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return splitQuery
  const boundary = /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(type)
  const name = boundary?.[1] ?? boundary?.[2]
  return name === undefined ? undefined : (text) => readMultipart(text, name)
}

/**
 * The texts of a multipart form: the old service's general Java SDK sends every POST so, with an empty line before the
 * first boundary. Values are not encoded there; in the pairs they are. Files are left out.
 */
function readMultipart(text: string, boundary: string): QueryPair[] {
  const pairs: QueryPair[] = []
  for (const piece of `\r\n${text}`.split(`\r\n--${boundary}`).slice(1)) {
    const headEnd = piece.indexOf('\r\n\r\n')
    const head = piece.slice(0, headEnd)
    const name = /^content-disposition:\s*form-data\b.*;\s*name="([^"]*)"/im.exec(head)?.[1]
    if (headEnd < 0 || name === undefined || /;\s*filename=/i.test(head)) continue
    pairs.push({ name: phpUrlencode(name), value: phpUrlencode(piece.slice(headEnd + 4)) })
  }
  return pairs
}
