/** Bytes of a file's beginning that `looksLikeMedia` wants to see. */
export const signatureBytes = 400

/**
 * Whether a file begins like one of the containers a probe understands. What does not is not shown to a parser at all:
 * most hostile files end here.
 */
export function looksLikeMedia(head: Uint8Array): boolean {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const hex = bytes.toString('hex', 0, 16)
  if (beginnings.some((beginning) => hex.startsWith(beginning))) return true
  if (boxes.has(bytes.toString('latin1', 4, 8))) return true
  return isTransportStream(bytes, 188, 0) || isTransportStream(bytes, 192, 4) || isMpegAudio(bytes)
}

const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex')

const beginnings = [
  '1a45dfa3', // EBML: webm, mkv
  ascii('FLV'),
  ascii('RIFF'), // avi, wav
  ascii('OggS'),
  ascii('ID3'), // mp3 with tags
  ascii('fLaC'),
  ascii('.RMF'),
  ascii('#!AMR'),
  '3026b275', // asf, wmv
  '000001ba', // MPEG program stream
  '000001b3', // MPEG video
  '00000001', // raw H.264 and H.265
  'ffd8ff', // jpeg
  ascii('\x89PNG'),
  ascii('GIF8'),
]

/** What the first box of an mp4 or mov is called. */
const boxes = new Set(['ftyp', 'moov', 'mdat', 'moof', 'free', 'skip', 'wide', 'pnot', 'styp', 'sidx', 'uuid'])

/** Packets of `size` bytes that begin with 0x47, after `lead` bytes of time stamp. */
function isTransportStream(bytes: Buffer, size: number, lead: number): boolean {
  return bytes.length > size + lead && bytes[lead] === 0x47 && bytes[lead + size] === 0x47
}

/** The sync word of an MPEG audio frame (mp3) or an ADTS one (aac), with a version, layer and rate that exist. */
function isMpegAudio([first = 0, second = 0, third = 0]: Buffer): boolean {
  return first === 0xff && second >= 0xf0 && (second & 0x18) !== 0x08 && (third & 0xf0) !== 0xf0
}
