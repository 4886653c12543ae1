import type { AppEvent } from '@sluice/protocol'

interface About {
  readonly vodTaskId?: string
  readonly fileId?: string
  readonly fileInfo?: readonly { readonly fileId: string }[]
}

/**
 * A name for an event that is the same every time it is delivered, by whichever way: there is one event of a type for a
 * task, or for a file. Keep it, or act so that twice is as good as once: the service delivers at least once.
 */
export function eventKey({ eventType, data }: AppEvent): string {
  const { vodTaskId, fileId, fileInfo }: About = data
  // Of two pulls one may have failed, and then has no file, or both may have found the same.
  const about = vodTaskId ?? fileId ?? fileInfo?.map((file) => file.fileId).join(',') ?? JSON.stringify(data)
  return `${eventType}:${about}`
}
