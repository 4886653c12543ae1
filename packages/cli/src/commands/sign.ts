import { nodeHashing, openFile } from '@sluice/client'
import { limits } from '@sluice/protocol'
import { signUgc } from '@sluice/protocol/signatures'
import { defineCommand, Misuse, type Values } from '../command.ts'
import { type FileNames, fileNames, requireNames } from '../file-names.ts'
import { credentialsNotes, findCredentials, profileOption } from '../find-service.ts'
import { parseSeconds, parseWhole } from '../quantities.ts'

const options = {
  file: { value: 'FILE', text: 'the file to sign for; its SHA-1, name and type are taken from it' },
  sha: { value: 'SHA1', text: 'the SHA-1 of the file, 40 hex digits, when it is not here' },
  name: { value: 'NAME', text: 'its name, without extension' },
  type: { value: 'EXT', text: 'its type, the extension without dot' },
  uid: { value: 'UID', text: 'the user inside the app; uploads of different users never meet' },
  valid: { value: 'TIME', text: 'how long it is valid: 3600s, 30m, 12h, 1d (default 1d, at most 90d)' },
  tag: { value: 'TAG', many: true, text: 'a tag; can be given up to ten times' },
  class: { value: 'ID', text: 'the class of the file (default 0)' },
  transcode: { text: 'ask for transcoding' },
  ...profileOption,
  json: { text: 'print {"signature", "fileSha", "expiresAt"} instead of the signature alone' },
} as const

export const command = defineCommand({
  summary: 'Make the signature with which a browser or an app may upload one file (ugc family).',
  usage: '--file FILE [options]\n--sha SHA1 --name NAME --type EXT [options]',
  options,
  notes: credentialsNotes,

  async run({ positionals, values }) {
    if (positionals[0] !== undefined) throw new Misuse(`unexpected argument '${positionals[0]}', use --file`)
    if (values.tag.length > limits.maxTags) throw new Misuse(`--tag can be given ${limits.maxTags} times`)
    const validS = parseSeconds('--valid', values.valid ?? '1d', 1, limits.ugcMaxValidityS)
    const classId = parseWhole('--class', values.class ?? '0', 0, Number.MAX_SAFE_INTEGER)
    const describe = describeFile(values)
    const credentials = await findCredentials(values)
    const file = await describe()
    const signedAtS = Math.floor(Date.now() / 1000)
    const signature = signUgc({
      ...credentials,
      ...file,
      ...(values.uid !== undefined && { uid: values.uid }),
      classId,
      tags: values.tag,
      transcode: values.transcode,
      signedAtS,
      validS,
    })
    const expiresAt = new Date((signedAtS + validS) * 1000).toISOString()
    const shown = values.json ? JSON.stringify({ signature, fileSha: file.fileSha, expiresAt }) : signature
    process.stdout.write(`${shown}\n`)
    return 0
  },
})

interface SignedFile extends FileNames {
  readonly fileSha: string
}

/** Checks which file is meant; what it returns reads it. */
function describeFile({ file, sha, name, type }: Values<typeof options>): () => Promise<SignedFile> {
  requireNames({ name, type })
  if (file !== undefined) {
    if (sha !== undefined) throw new Misuse('--file and --sha cannot be given together')
    return async () => ({ ...fileNames(file, { name, type }), fileSha: await hashFile(file) })
  }
  if (sha === undefined || name === undefined || type === undefined) {
    throw new Misuse('expected --file, or all of --sha, --name and --type')
  }
  if (!/^[0-9a-f]{40}$/i.test(sha)) throw new Misuse(`--sha must be 40 hex digits, not '${sha}'`)
  return async () => ({ fileSha: sha.toLowerCase(), fileName: name, fileType: type.toLowerCase() })
}

async function hashFile(path: string): Promise<string> {
  const source = await openFile(path)
  try {
    const { signal } = new AbortController()
    const { fileSha } = await nodeHashing().hashFile(source, { pieceBytes: limits.maxDataSize, onHashed() {}, signal })
    return fileSha
  } finally {
    await source.close()
  }
}
