import type { Progress } from '@sluice/client'

/** A file on its way. */
export interface RunningFile {
  readonly path: string
  readonly size: number
  /** Milliseconds of `performance.now`. */
  readonly startedAt: number
  progress: Progress | undefined
}

/** How far all files of a command are. Whoever shows it looks at it when it likes. */
export interface Overview {
  readonly files: number
  /** Bytes of all files that have not failed. */
  totalBytes: number
  stored: number
  /** Of those stored, how many the service had already. */
  instant: number
  failed: number
  storedBytes: number
  /** On their way, or stopped there. */
  readonly running: ReadonlySet<RunningFile>
}

/** Counts the files of a command. */
export interface UploadCount extends Overview {
  begin(file: { readonly path: string; readonly size: number }): RunningFile
  done(file: RunningFile, instant: boolean): void
  fail(file: RunningFile): void
}

export function countUploads(files: readonly { readonly size: number }[]): UploadCount {
  const running = new Set<RunningFile>()
  const count: UploadCount = {
    files: files.length,
    totalBytes: files.reduce((sum, { size }) => sum + size, 0),
    stored: 0,
    instant: 0,
    failed: 0,
    storedBytes: 0,
    running,
    begin({ path, size }) {
      const file = { path, size, startedAt: performance.now(), progress: undefined }
      running.add(file)
      return file
    },
    done(file, instant) {
      running.delete(file)
      count.stored++
      if (instant) count.instant++
      count.storedBytes += file.size
    },
    fail(file) {
      running.delete(file)
      count.failed++
      count.totalBytes -= file.size
    },
  }
  return count
}

/** Bytes that the service has, of all files. */
export function acknowledgedBytes({ storedBytes, running }: Overview): number {
  let bytes = storedBytes
  for (const { progress } of running) bytes += progress?.acknowledgedBytes ?? 0
  return bytes
}
