/** What stands in the head of a request. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  /** Bytes of the body that follows. */
  readonly length: number
}

const requestLine = /^([A-Z]+) ([!-~]+) HTTP\/1\.1$/
/** Leaves the blanks around a value to it: a pattern that tells them apart takes minutes for a line of blanks. */
const header = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)$/

/** Headers after which what follows may be something else than a body of Content-Length and the next request. */
const unusual = new Set(['transfer-encoding', 'upgrade'])

/**
 * Reads a head, all of it but the empty line at its end, one character a byte. Nothing when it is written in any way that
 * two readers might understand differently: HTTP's own parser is to say what that means.
 */
export function readHead(head: string): RequestHead | undefined {
  const [first = '', ...lines] = head.split('\r\n')
  const [, method, target] = requestLine.exec(first) ?? []
  if (method === undefined || target === undefined || method === 'CONNECT') return undefined
  let length: number | undefined
  let hosts = 0
  for (const line of lines) {
    const [, name = '', value = ''] = header.exec(line) ?? []
    const lowerCase = name.toLowerCase()
    if (name === '' || unusual.has(lowerCase)) return undefined
    if (lowerCase === 'expect' && !/^[ \t]*100-continue[ \t]*$/i.test(value)) return undefined
    if (lowerCase === 'host') hosts++
    if (lowerCase !== 'content-length') continue
    if (length !== undefined || !/^[ \t]*\d{1,15}[ \t]*$/.test(value)) return undefined
    length = Number(value)
  }
  return hosts === 1 ? { method, target, length: length ?? 0 } : undefined
}

/** The same head with a Content-Length of 0, as long as it was. */
export function withoutBody(head: string): string {
  return head.replace(/(?<=\r\ncontent-length:[ \t]*)\d+/i, (digits) => '0'.repeat(digits.length))
}
