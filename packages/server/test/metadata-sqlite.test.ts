import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { rememberUploads } from '../src/metadata/recent-uploads.ts'
import { openSqlite } from '../src/metadata/sqlite.ts'
import { metadataContract } from './metadata-contract.ts'
import { firstApp, part, upload } from './support/records.ts'
import { temporaryDirectory } from './support/service.ts'

let directory: string

beforeEach(async () => {
  directory = await temporaryDirectory()
})

metadataContract(() => openSqlite(directory))

describe('with uploads remembered', () => metadataContract(async () => rememberUploads(await openSqlite(directory))))

it('tells how long each transaction of parts took: one for those that came together, of no more than a hundred', async () => {
  const groups: number[] = []
  const metadata = await openSqlite(directory, { onCommit: (_, parts) => groups.push(parts) })
  onTestFinished(() => metadata.close())
  await metadata.addApp(firstApp)
  const large = upload({ fileSize: 250_000 })
  await metadata.addUpload(large)
  await Promise.all(Array.from({ length: 250 }, (_, index) => metadata.addPart(part(large, index * 1_000))))
  expect(groups).toEqual([100, 100, 50])
})
