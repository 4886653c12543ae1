import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ok, type Verdict, warning } from './finding.ts'

/** Whether the apps' keys, in plain text in the data directory, are the service's user's alone. */
export async function checkKeyStore(directory: string): Promise<Verdict> {
  const store = join(directory, 'sluice.db')
  const [outer, inner] = [(await stat(directory)).mode, (await stat(store)).mode]
  // A file is read by whoever may read it and pass through its directory.
  const byGroup = (outer & 0o010) !== 0 && (inner & 0o040) !== 0
  const byAll = (outer & 0o001) !== 0 && (inner & 0o004) !== 0
  if (!byGroup && !byAll) return ok(`the keys in ${store} are its owner's alone`)
  return warning(
    `${store}, which holds all keys in plain text, can be read by ${byAll ? 'every user of this machine' : 'its group'}`,
    `chmod 700 ${directory}`,
  )
}
