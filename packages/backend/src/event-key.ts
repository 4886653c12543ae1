import type { AppEvent } from '@sluice/protocol'

/**
 * A name for an event that is the same every time it is delivered, by whichever way: there is one event of a type for a
 * file. Keep it, or act so that twice is as good as once: the service delivers at least once.
 */
export function eventKey({ eventType, data }: AppEvent): string {
  const { fileId, fileInfo }: { fileId?: string; fileInfo?: readonly { fileId: string }[] } = data
  const about = fileId ?? fileInfo?.map((file) => file.fileId).join(',') ?? JSON.stringify(data)
  return `${eventType}:${about}`
}
