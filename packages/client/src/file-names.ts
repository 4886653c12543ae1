import { limits } from '@sluice/protocol'

/**
 * What the protocol calls a file: its name without extension, where what a name must not hold becomes `_`, cut to 40
 * characters; and the extension in lower case, or else what the media type says. Left out is what cannot be told.
 */
export function describeName(name: string, mediaType = ''): { fileName?: string; fileType?: string } {
  const [, stem = name, extension] = /^(.+)\.([A-Za-z0-9]{1,16})$/.exec(name) ?? []
  const type = extension ?? /^(?:video|image)\/(?:x-)?([a-z0-9]{1,16})$/.exec(mediaType)?.[1]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const clean = stem.toWellFormed().replace(/[\\/:*?"<>|\x00-\x1f\x7f]/g, '_')
  const fileName = Array.from(clean).slice(0, limits.maxFileName).join('')
  return { ...(fileName !== '' && { fileName }), ...(type !== undefined && { fileType: type.toLowerCase() }) }
}
