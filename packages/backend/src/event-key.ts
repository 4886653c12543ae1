import type { AppEvent } from '@sluice/protocol'

/**
 * A name for an event that is the same every time it is delivered, by whichever way: there is one event of a type for a
 * file, and one for a pull. Keep it, or act so that twice is as good as once: the service delivers at least once.
 */
export function eventKey({ eventType, data }: AppEvent): string {
  type About = { fileId?: string; fileInfo?: readonly { fileId: string }[]; vodTaskId?: string }
  const { fileId, fileInfo, vodTaskId }: About = data
  const about = vodTaskId ?? fileId ?? fileInfo?.map((file) => file.fileId).join(',') ?? JSON.stringify(data)
  return `${eventType}:${about}`
}
