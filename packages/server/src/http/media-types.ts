/** What may be shown inside a page: media only. Everything else is handed out as a download of plain bytes. */
const mediaTypes = new Map(
  Object.entries({
    '3gp': 'video/3gpp',
    aac: 'audio/aac',
    avi: 'video/x-msvideo',
    avif: 'image/avif',
    bmp: 'image/bmp',
    f4v: 'video/mp4',
    flac: 'audio/flac',
    flv: 'video/x-flv',
    gif: 'image/gif',
    jpeg: 'image/jpeg',
    jpg: 'image/jpeg',
    m4a: 'audio/mp4',
    m4s: 'video/iso.segment',
    m4v: 'video/mp4',
    mkv: 'video/x-matroska',
    mov: 'video/quicktime',
    mp3: 'audio/mpeg',
    mp4: 'video/mp4',
    mpeg: 'video/mpeg',
    mpg: 'video/mpeg',
    oga: 'audio/ogg',
    ogg: 'audio/ogg',
    ogv: 'video/ogg',
    opus: 'audio/ogg',
    png: 'image/png',
    ts: 'video/mp2t',
    wav: 'audio/wav',
    weba: 'audio/webm',
    webm: 'video/webm',
    webp: 'image/webp',
    wmv: 'video/x-ms-wmv',
  }),
)

/** The headers that say what a stored file is, by its extension, and keep a browser from finding anything else in it. */
export function mediaHeaders(fileType: string): Record<string, string> {
  const known = mediaTypes.get(fileType) // a map, as `constructor` is a possible extension too
  return {
    'Content-Type': known ?? 'application/octet-stream',
    ...(known ? {} : { 'Content-Disposition': 'attachment' }),
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy':
      "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'; sandbox",
  }
}
