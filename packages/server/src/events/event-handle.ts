import { randomBytes } from 'node:crypto'

/** An event under a lease, as its msgHandle names it. */
export interface HeldEvent {
  readonly eventId: number
  readonly leaseId: string
}

/** A new lease: nobody guesses its name. */
export function newLeaseId(): string {
  return randomBytes(15).toString('base64url')
}

/** Makes a msgHandle: of characters that a query needs no escapes for, as clients copy it into one. */
export function formatHandle({
  eventId,
  leaseId,
}: {
  readonly eventId: number
  readonly leaseId: string | null
}): string {
  return `${eventId}.${leaseId}`
}

/** Reads a msgHandle; `undefined` when it is none of ours. */
export function parseHandle(handle: string): HeldEvent | undefined {
  const [, eventId, leaseId] = /^(\d{1,15})\.([A-Za-z0-9_-]{20})$/.exec(handle) ?? []
  return leaseId === undefined ? undefined : { eventId: Number(eventId), leaseId }
}
