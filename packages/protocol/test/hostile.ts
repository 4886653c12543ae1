import fc from 'fast-check'

/** Characters that encodings, separators and signatures have stumbled over. */
const troublesome = [
  ...['+', '%', '&', '=', '@', '_', '.', ' ', '/', '?', '#', '*', '~', '"', '\\', "'", '(', '%41', '%2', '%zz', '%%'],
  ...[
    '\0',
    '\r',
    '\n',
    '\t',
    '\x7f',
    '\u0085',
    'ß',
    '测',
    '试',
    '🎬',
    '\u0301',
    '\ufeff',
    '\ufffd',
    '\ud800',
    '\udfff',
  ],
]

const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...troublesome) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
)

/** Any text a client could put into a name or a value, also texts that are not well-formed. */
export const hostileText = fc.string({ unit: character, maxLength: 12 })

/** Any bytes, one per character, as a query arrives. */
export const anyBytes = fc.string({
  unit: fc.oneof(
    fc.constantFrom('+', '%', '&', '=', '%4', '%C3%A9', '%ff', ' '),
    fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  ),
  maxLength: 24,
})

/** Parameters with hostile names and values; never Signature or SignatureMethod, which mean something to the signer. */
export const hostileParams = fc
  .uniqueArray(fc.tuple(hostileText, hostileText), { selector: ([name]) => name, maxLength: 8 })
  .map((pairs): Record<string, string> => Object.fromEntries(pairs))

/** 40 hex digits in any case. */
export const sha1 = fc
  .array(fc.constantFrom(...'0123456789abcdefABCDEF'), { minLength: 40, maxLength: 40 })
  .map((digits) => digits.join(''))
