import type { AppSettings } from '../settings/app-settings.ts'

/** Says why a page of this address (its Referer header) may not play an app's files; `undefined` when it may. */
export function refererRefusal(
  { refererRule, referers, emptyReferer }: Pick<AppSettings, 'refererRule' | 'referers' | 'emptyReferer'>,
  referer: string | undefined,
): string | undefined {
  if (refererRule === 'off') return undefined
  const page = (referer ?? '').trim().toLowerCase()
  if (page === '') return emptyReferer === 'allow' ? undefined : 'a request without a Referer may not play it'
  const listed = referers.some((entry) => matches(entry, page))
  return listed === (refererRule === 'white') ? undefined : 'this page may not play it'
}

/** An entry is the beginning of a page's address without its scheme; `*.` stands for any names before the rest. */
function matches(entry: string, page: string): boolean {
  const address = page.replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
  if (!entry.startsWith('*.')) return address.startsWith(entry)
  const at = address.indexOf(entry.slice(1))
  return at > 0 && !/[/?#]/.test(address.slice(0, at))
}
