import { limits, VodError } from '@sluice/protocol'
import { requireFile } from './describe-files.ts'
import type { FileKey, FilesDeps } from './files-deps.ts'

/** Adds tags to a file; those it has stay where they are. Throws `fileMissing` (10008), and `value` (1000) for too many. */
export async function addTags(deps: FilesDeps, key: FileKey, added: readonly string[]): Promise<void> {
  await changeTags(deps, key, (tags) => {
    const changed = [...new Set([...tags, ...added])]
    if (changed.length > limits.maxTags) {
      throw new VodError('value', `tags: a file has at most ${limits.maxTags}, this would be ${changed.length}`)
    }
    return changed
  })
}

/** Removes tags from a file; those it has not do not matter. Throws `fileMissing` (10008). */
export async function removeTags(deps: FilesDeps, key: FileKey, removed: readonly string[]): Promise<void> {
  await changeTags(deps, key, (tags) => tags.filter((tag) => !removed.includes(tag)))
}

/** Two calls at once both count: the one that comes second looks again. */
async function changeTags(
  deps: FilesDeps,
  key: FileKey,
  change: (tags: readonly string[]) => readonly string[],
): Promise<void> {
  for (;;) {
    const file = await requireFile(deps, key)
    if (await deps.metadata.changeTags(file, change(file.tags), deps.now())) return
  }
}
