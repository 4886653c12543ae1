/** Why a file is not taken: its type, no bytes, too many of them, or too many files. */
export type Refusal = 'type' | 'empty' | 'size' | 'count'

/** What is asked about a file. */
export type Candidate = Pick<File, 'name' | 'type' | 'size'>

/** Videos whose media type systems do not know by their extension. */
const videoExtensions = [
  'mkv',
  'flv',
  'ts',
  'mts',
  'm2ts',
  'rm',
  'rmvb',
  'vob',
  'wmv',
  'avi',
  'mov',
  'm4v',
  '3gp',
  'webm',
  'mp4',
]

/** Whether a file may be uploaded; the reason if not. `accept` is as of an input, `maxSize` in bytes. */
export function refusalOf(
  file: Candidate,
  { accept, maxSize }: { accept: string; maxSize: number },
): Refusal | undefined {
  if (!isAccepted(file, accept)) return 'type'
  if (file.size === 0) return 'empty'
  return file.size > maxSize ? 'size' : undefined
}

/** The same list for the input of a browser, which offers by it what the user may choose. */
export function inputAccept(accept: string): string {
  const extensions = /\bvideo\/\*/.test(accept) ? videoExtensions.map((one) => `,.${one}`).join('') : ''
  return accept + extensions
}

function isAccepted({ name, type }: Candidate, accept: string): boolean {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
  const rules = accept
    .toLowerCase()
    .split(',')
    .flatMap((rule) => rule.trim() || [])
  return (
    rules.length === 0 ||
    rules.some((rule) => {
      if (rule.startsWith('.')) return rule === `.${extension}`
      if (rule === 'video/*' && videoExtensions.includes(extension)) return true
      return rule.endsWith('/*') ? type.startsWith(rule.slice(0, -1)) : type === rule
    })
  )
}
