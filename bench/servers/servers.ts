import { fileURLToPath } from 'node:url'
import { keys } from '../load/protocols.ts'
import type { ServerCommand } from '../measure/server-process.ts'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Sluice as it is: signatures checked, digests checked, every acknowledgement durable, logging as it comes. */
export function sluice(directory: string, port: number): ServerCommand {
  return {
    command: process.execPath,
    args: [here('../../packages/cli/bin/sluice.cjs'), 'serve'],
    env: {
      SLUICE_DATA_DIR: directory,
      SLUICE_PORT: String(port),
      SLUICE_APP_ID: keys.appId,
      SLUICE_SECRET_ID: keys.secretId,
      SLUICE_SECRET_KEY: keys.secretKey,
      SLUICE_LOG_LEVEL: 'warn',
    },
  }
}

/** A straightforward Node server that does the same work. */
export function plainNode(directory: string, port: number): ServerCommand {
  return { command: process.execPath, args: [here('plain-node.ts')], env: { DIR: directory, PORT: String(port) } }
}

/** @tus/server with its file store: it checks no digest and syncs nothing. */
export function tusNode(directory: string, port: number): ServerCommand {
  return { command: process.execPath, args: [here('tus-node.ts')], env: { DIR: directory, PORT: String(port) } }
}
