import type { PullAnswer } from '@sluice/protocol'
import { callVod, type Remote } from './vod-call.ts'

/** Pulls events once and prints each, one JSON object a line; takes them off the queue when told to. */
export async function pullOnce(remote: Remote, confirm: boolean): Promise<void> {
  const { eventList } = await callVod<PullAnswer>(remote, 'PullEvent')
  for (const event of eventList) process.stdout.write(`${JSON.stringify(event)}\n`)
  if (confirm) await confirmAll(remote, eventList)
}

/** Prints events as they come and takes them off the queue, until the signal. */
export async function tail(remote: Remote): Promise<void> {
  while (!remote.signal.aborted) {
    const { eventList } = await callVod<PullAnswer>(remote, 'PullEvent')
    for (const { eventContent } of eventList) process.stdout.write(`${JSON.stringify(eventContent)}\n`)
    await confirmAll(remote, eventList)
  }
}

async function confirmAll(remote: Remote, events: PullAnswer['eventList']): Promise<void> {
  if (events.length === 0) return
  const handles = events.map(({ msgHandle }, index) => [`msgHandle.${index}`, msgHandle])
  await callVod(remote, 'ConfirmEvent', Object.fromEntries(handles))
}
