import type { IncomingMessage } from 'node:http'
import type { BlockList } from 'node:net'
import type { AppDirectory } from '../auth/app-directory.ts'
import type { KeyRule } from '../auth/key-rule.ts'
import { refererRefusal } from '../auth/referer-rule.ts'
import { clientAddress } from './client-address.ts'

export interface PlayRuleDeps {
  readonly apps: Pick<AppDirectory, 'settingsOf'>
  readonly keyRule: KeyRule
  readonly trustedProxies: BlockList
}

/** What is asked for, as the rules of its app see it. */
export interface Playable {
  readonly appId: number
  /** Its public address. */
  readonly url: string
  /** Length in seconds, as far as it is known; 0 for an image. */
  readonly durationS: number | undefined
}

/** Whether a request may play, by the rules that its app has set. */
export interface Ruling {
  /** Whether there is a rule at all: what it lets through is then for this client alone, and not to be kept by others. */
  readonly protected: boolean
  /** Why it may not, for people. */
  readonly refusal: string | undefined
}

/** Asks the Referer rule, then the Key rule, of the app whose file it is. */
export async function rulePlay(
  { apps, keyRule, trustedProxies }: PlayRuleDeps,
  request: IncomingMessage,
  { path, query }: { readonly path: string; readonly query: string },
  { appId, url, durationS }: Playable,
): Promise<Ruling> {
  const settings = await apps.settingsOf(appId)
  const { hotlinkKey, refererRule } = settings
  if (hotlinkKey === undefined && refererRule === 'off') return { protected: false, refusal: undefined }
  const byPage = refererRefusal(settings, request.headers.referer)
  if (byPage !== undefined || hotlinkKey === undefined) return { protected: true, refusal: byPage }
  // A proxy in front may strip a prefix of the public address; the app signs what it was given.
  const dirs = [path, url.replace(/^https?:\/\/[^/]*/, '')].map(dirOf)
  const address = clientAddress(request, trustedProxies)
  return { protected: true, refusal: keyRule.refusal(hotlinkKey, { dirs, query, address, durationS }) }
}

function dirOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}
