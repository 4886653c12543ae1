import { beforeEach, expect, it, onTestFinished } from 'vitest'
import { openSqlite } from '../src/metadata/sqlite.ts'
import { metadataContract } from './metadata-contract.ts'
import { firstApp, part, upload } from './support/records.ts'
import { temporaryDirectory } from './support/service.ts'

let directory: string

beforeEach(async () => {
  directory = await temporaryDirectory()
})

metadataContract(() => openSqlite(directory))

it('tells how long each transaction of parts took: one for those that came together, of no more than a thousand', async () => {
  const groups: number[] = []
  const metadata = await openSqlite(directory, { onCommit: (_, parts) => groups.push(parts) })
  onTestFinished(() => metadata.close())
  await metadata.addApp(firstApp)
  const large = upload({ fileSize: 2_500_000 })
  await metadata.addUpload(large)
  await Promise.all(Array.from({ length: 2_500 }, (_, index) => metadata.addPart(part(large, index * 1_000))))
  expect(groups).toEqual([1_000, 1_000, 500])
})
