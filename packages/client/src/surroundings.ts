/** What is outside an upload, beside the service. */

/** Whether there is a network at all, as far as the platform knows. */
export interface Network {
  isOffline(): boolean
  /** Resolves when there may be a network again; rejects with the signal's reason. */
  online(signal: AbortSignal): Promise<void>
}

/** For platforms that do not know. */
export const alwaysOnline: Network = { isOffline: () => false, online: async () => {} }

/** Does the work while it alone holds the name, among all that share the lock; tells when it has to wait for it. */
export type Lock = <T>(
  name: string,
  run: { readonly signal: AbortSignal; onWait(): void },
  work: () => Promise<T>,
) => Promise<T>

/** For platforms where an upload has no others to mind. */
export const noLock: Lock = (_name, _run, work) => work()
