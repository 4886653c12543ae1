/**
 * Query strings as byte strings: one character per byte, as HTTP delivers them. Signatures are computed over what was
 * received, so nothing is decoded before it must be, and nothing is decoded twice.
 */

/** One `name=value` of a query, undecoded, one character per byte. */
export interface QueryPair {
  readonly name: string
  readonly value: string
}

/** Splits a query at `&`, each piece at its first `=`; empty pieces are left out. */
export function splitQuery(query: string): QueryPair[] {
  const pairs: QueryPair[] = []
  for (const piece of query.split('&')) {
    if (piece === '') continue
    const equals = piece.indexOf('=')
    pairs.push(
      equals < 0 ? { name: piece, value: '' } : { name: piece.slice(0, equals), value: piece.slice(equals + 1) },
    )
  }
  return pairs
}

/** Percent-decodes bytes into bytes. A value with a malformed escape was never encoded: it is left as it stands, `+` too. */
export function percentDecode(bytes: string, plusIsSpace: boolean): string {
  if (!bytes.includes('%') && !bytes.includes('+')) return bytes // the usual case, and on the path of every part
  if (/%(?![0-9a-fA-F]{2})/.test(bytes)) return bytes
  const text = plusIsSpace ? bytes.replaceAll('+', ' ') : bytes
  if (!text.includes('%')) return text
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** PHP's urlencode() over bytes: letters, digits and `-_.` stand, a space becomes `+`. */
export function phpUrlencode(bytes: string): string {
  return bytes.replace(/[^A-Za-z0-9\-_.]/g, (char) =>
    char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** The text that UTF-8 bytes stand for; what is not UTF-8 becomes U+FFFD. */
export function utf8(bytes: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is ASCII, the usual case, which needs no decoder
  if (/^[\x00-\x7f]*$/.test(bytes)) return bytes
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes, (char) => char.charCodeAt(0)))
}

/** The UTF-8 bytes of a text, one character per byte. */
export function utf8Bytes(text: string): string {
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

/** Percent-encodes a text as RFC 3986 has it: only unreserved characters stand, a space becomes `%20`. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Encodes parameters as a query, in the order given. */
export function encodeQuery(params: Iterable<readonly [string, string]>): string {
  return Array.from(params, ([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`).join('&')
}

/** Undoes what travel does to base64: spaces for `+`, line breaks, the URL-safe alphabet, lost padding. */
export function cleanBase64(text: string): string {
  const clean = text
    .replaceAll(' ', '+')
    .replace(/[\r\n\t]/g, '')
    .replaceAll('-', '+')
    .replaceAll('_', '/')
  return clean.replace(/=+$/, '')
}

/** Whether a cleaned text is nothing but base64. */
export function isBase64(clean: string): boolean {
  return /^[A-Za-z0-9+/]+$/.test(clean)
}
