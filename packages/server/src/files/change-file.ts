import { VodError } from '@sluice/protocol'
import type { FileChange } from '../metadata/metadata.ts'
import { requireClass } from './classes.ts'
import { requireFile } from './describe-files.ts'
import type { FileKey, FilesDeps } from './files-deps.ts'

/**
 * Changes what is said about a file; what is `undefined` stays. Throws `fileMissing` (10008), and `value` (1000) for a
 * class that is not there or an end that is past.
 */
export async function changeFile(deps: FilesDeps, key: FileKey, change: Omit<FileChange, 'updatedAt'>): Promise<void> {
  await requireFile(deps, key)
  const { classId, expireAt } = change
  const now = deps.now()
  if (classId !== undefined) await requireClass(deps, key.appId, classId)
  if (typeof expireAt === 'number' && expireAt <= now) {
    throw new VodError('value', 'expireTimeStamp: expected a time to come, or -1 for never')
  }
  if (Object.values(change).every((value) => value === undefined)) return
  if (!(await deps.metadata.changeFile(key, { ...change, updatedAt: now }))) await requireFile(deps, key)
}
