import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { Misuse } from './command.ts'

/** Asks for a secret on the terminal without showing it, or reads it from standard input. Throws Misuse when there is none. */
export async function readSecret(prompt: string): Promise<string> {
  const secret = process.stdin.isTTY ? await ask(prompt) : (await text(process.stdin)).trim()
  if (secret === '') throw new Misuse('expected the secret key on standard input')
  if (/\s/.test(secret)) throw new Misuse('the secret key must be one word')
  return secret
}

async function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  lines.once('SIGINT', () => {
    process.stderr.write('\n')
    lines.close()
    process.exit(130)
  })
  try {
    return (await lines.question('')).trim()
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
