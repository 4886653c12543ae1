import type { Dirent, Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join, matchesGlob, relative, resolve } from 'node:path'

/** A file to upload. */
export interface FoundFile {
  /** As given, with what lies below a folder. */
  readonly path: string
  /** Bytes when it was found. */
  readonly size: number
}

/** Which files of a folder count, besides being regular and not hidden. */
export interface Choice {
  /** Globs for the name, or for the path below the folder. Empty: what is a video or sound by its extension. */
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

/** What was found, and what in folders was passed over. */
export interface Found {
  readonly files: readonly FoundFile[]
  /** How many files for each reason, such as `hidden`. */
  readonly skipped: ReadonlyMap<string, number>
  /** Folders that cannot be read, each with why. */
  readonly failed: readonly { readonly path: string; readonly error: Error }[]
}

const media = new Set(
  (
    '3g2 3gp 3gpp aac ac3 aif aiff amr asf avi dv f4v flac flv m1v m2t m2ts m2v m4a m4v mka mkv mov mp2 mp3 mp4 mpe mpeg ' +
    'mpg mts mxf oga ogg ogv opus qt ram rm rmvb ts vob wav webm wma wmv'
  ).split(' '),
)

/**
 * Finds the files that paths name: each by itself, and those in folders, at any depth, in the order of their names. A file
 * is found once. A path that is not there is found as well: opening it says what is wrong.
 */
export async function collectFiles(paths: readonly string[], choice: Choice): Promise<Found> {
  const found = new Map<string, FoundFile>()
  const skipped = new Map<string, number>()
  const failed: { path: string; error: Error }[] = []
  const add = (path: string, size: number) => {
    const key = resolve(path)
    if (!found.has(key)) found.set(key, { path, size })
  }
  const walk = async (folder: string, top: string): Promise<void> => {
    let entries: Dirent[]
    try {
      entries = await readdir(folder, { withFileTypes: true })
    } catch (cause) {
      const { message } = cause as Error // readdir rejects with nothing else
      failed.push({ path: folder, error: new Error(`${folder} cannot be read: ${message}`, { cause }) })
      return
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name)
      const status = entry.isFile() ? await statOf(path) : undefined
      const reason = whyNot(entry, status, relative(top, path), choice)
      if (reason !== undefined) skipped.set(reason, (skipped.get(reason) ?? 0) + 1)
      else if (entry.isDirectory()) await walk(path, top)
      else add(path, status?.size ?? 0)
    }
  }
  for (const path of paths) {
    const status = await statOf(path)
    if (status?.isDirectory()) await walk(path, path)
    else add(path, status?.size ?? 0)
  }
  return { files: [...found.values()], skipped, failed }
}

/** Why an entry of a folder is passed over; undefined when it is not. */
function whyNot(
  entry: Dirent,
  status: Stats | undefined,
  below: string,
  { include, exclude }: Choice,
): string | undefined {
  if (entry.name.startsWith('.')) return 'hidden'
  if (entry.isSymbolicLink()) return 'symbolic links'
  if (entry.isDirectory()) return undefined
  if (!entry.isFile()) return 'not files'
  const matches = (glob: string) => matchesGlob(entry.name, glob) || matchesGlob(below, glob)
  if (exclude.some(matches)) return 'excluded'
  if (include.length === 0 && !media.has(extname(entry.name).slice(1).toLowerCase())) return 'not video or sound'
  if (include.length > 0 && !include.some(matches)) return 'not included'
  return status?.size === 0 ? 'empty' : undefined
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch {
    return undefined
  }
}
