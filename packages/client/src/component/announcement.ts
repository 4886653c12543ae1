import type { Language } from './texts.ts'

/** Something a screen reader is to say. */
export interface News {
  readonly what: 'added' | 'uploaded' | 'removed' | 'failed'
  readonly name: string
  /** Of a failure. */
  readonly reason?: string
}

/** What happened within a moment, in few words: several files of which the same is to be said are counted. */
export function announcementOf(news: readonly News[], { say }: Language): string {
  const counted = (
    what: News['what'],
    one: 'saidAdded' | 'saidUploaded',
    many: 'saidAddedMany' | 'saidUploadedMany',
  ) => {
    const names = news.filter((item) => item.what === what).map(({ name }) => name)
    if (names.length > 1) return [say(many, { count: names.length })]
    return names.map((name) => say(one, { name }))
  }
  return [
    ...counted('added', 'saidAdded', 'saidAddedMany'),
    ...counted('uploaded', 'saidUploaded', 'saidUploadedMany'),
    ...news.filter(({ what }) => what === 'removed').map(({ name }) => say('saidRemoved', { name })),
    ...news.filter(({ what }) => what === 'failed').map(({ name, reason = '' }) => say('saidFailed', { name, reason })),
  ].join(' ')
}
