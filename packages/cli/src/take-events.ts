import type { Backend } from '@sluice/backend'

/** Pulls events once and prints each, one JSON object a line; takes them off the queue when told to. */
export async function pullOnce(backend: Backend, confirm: boolean, signal: AbortSignal): Promise<void> {
  const { eventList } = await backend.call('PullEvent', {}, { signal })
  for (const event of eventList) process.stdout.write(`${JSON.stringify(event)}\n`)
  if (!confirm || eventList.length === 0) return
  await backend.call('ConfirmEvent', { msgHandle: eventList.map(({ msgHandle }) => msgHandle) }, { signal })
}

/** Prints events as they come and takes them off the queue, until the signal. */
export async function tail(backend: Backend, signal: AbortSignal): Promise<void> {
  const onTrouble = (trouble: unknown) => {
    process.stderr.write(`sluice events: ${trouble instanceof Error ? trouble.message : trouble}\n`)
  }
  for await (const event of backend.events({ signal, onTrouble })) process.stdout.write(`${JSON.stringify(event)}\n`)
}
