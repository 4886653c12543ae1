import { defineCommand, Misuse } from '../command.ts'
import { examine } from '../doctor/examine.ts'
import { formatFinding } from '../doctor/format-finding.ts'
import { subjectAt } from '../doctor/subject.ts'
import { credentialsNotes, findAddress, findService, serviceOptions } from '../find-service.ts'
import { dataDirectory, hasLocalStore } from '../local-store.ts'

export const command = defineCommand({
  summary: 'Find what keeps clients from uploading, and say what to do about it.',
  usage: '[options]',
  options: {
    ...serviceOptions,
    origin: { value: 'ORIGIN', text: 'the origin of a page that uploads (default https://www.example.com)' },
    json: { text: 'print {"check", "state", "finding", "remedy"} for each check, one object a line' },
  },
  notes: `It looks from here: run it where clients are, with the address they have, and on the service's own machine, as its
user. Nothing is left behind but lines in the service's log. The exit code is 1 when a check failed; a warning is no
failure. Without credentials some checks are skipped.

${credentialsNotes}`,

  async run({ positionals, values }) {
    if (positionals[0] !== undefined) throw new Misuse(`unexpected argument '${positionals[0]}', use --url`)
    const origin = readOrigin(values.origin ?? 'https://www.example.com')
    const subject = await subjectAt(await findAddress(values))
    const signer = await findService(values).catch((error: Error) => error.message)
    const directory = hasLocalStore() ? dataDirectory() : undefined
    let code = 0
    for await (const finding of examine({ subject, signer, origin, directory })) {
      if (finding.state === 'failed') code = 1
      process.stdout.write(values.json ? `${JSON.stringify(finding)}\n` : formatFinding(finding, process.stdout))
    }
    return code
  },
})

function readOrigin(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : 'null'
  if (origin === text) return origin
  throw new Misuse(`--origin must be like https://www.example.com, not '${text}'`)
}
