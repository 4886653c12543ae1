import type { ServerResponse } from 'node:http'
import type { Metrics } from '../observe/metrics.ts'
import { replyText } from './reply.ts'

export interface OperationsDeps {
  readonly metrics: Metrics
  /** Whether the service is on its way down and takes no more uploads. */
  readonly isDraining: () => boolean
}

/** Says whether the service takes calls: 200, or 503 from SIGTERM on. */
export function handleHealth({ isDraining }: OperationsDeps, response: ServerResponse): void {
  if (isDraining()) replyText(response, 503, 'draining\n')
  else replyText(response, 200, 'ok\n')
}

/** The service's figures for Prometheus. */
export async function handleMetrics({ metrics }: OperationsDeps, response: ServerResponse): Promise<void> {
  replyText(response, 200, await metrics.text(), { 'Content-Type': metrics.contentType })
}
