import { randomBytes } from 'node:crypto'

const smallest = 10n ** 18n
const count = 2n ** 63n - smallest

/** A new file id: 19 random decimal digits that also fit a signed 64-bit integer, which some clients parse it into. */
export function newFileId(): string {
  return String(smallest + (randomBytes(8).readBigUInt64BE() % count))
}
