import { basename, extname } from 'node:path'
import { checkFileName, documentedLimits, limits } from '@sluice/protocol'
import { Misuse } from './command.ts'

/** What the protocol calls a file: its name without extension, and the extension in lower case. */
export interface FileNames {
  readonly fileName: string
  readonly fileType: string
}

/** Names given on the command line, which win over those made from a path. */
export interface GivenNames {
  readonly name?: string | undefined
  readonly type?: string | undefined
}

/**
 * Makes the protocol's names from a path. What a name must not hold becomes `_`, and it is cut to 40 characters. Throws
 * when no type is given and the path has no extension that can be one.
 */
export function fileNames(path: string, given: GivenNames = {}): FileNames {
  const extension = extname(path)
  const type = given.type ?? extension.slice(1)
  if (!/^[A-Za-z0-9]{1,16}$/.test(type)) {
    throw new Error(`${path} has no extension that tells its type, like .mp4 (1 to 16 letters or digits)`)
  }
  return { fileName: given.name ?? cleanName(basename(path, extension)), fileType: type.toLowerCase() }
}

/** Throws Misuse when a given name is not one the protocol allows; its length is for the service to judge. */
export function requireNames({ name, type }: GivenNames): void {
  if (name === '') throw new Misuse('--name must not be empty')
  if (type !== undefined && !/^[A-Za-z0-9]{1,16}$/.test(type)) {
    throw new Misuse(`--type must be 1 to 16 letters or digits, not '${type}'`)
  }
  try {
    checkFileName('--name', name ?? '', { ...documentedLimits, maxFileName: Infinity })
  } catch (error) {
    throw new Misuse((error as Error).message) // it throws a ProtocolError and nothing else
  }
}

function cleanName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const clean = name.toWellFormed().replace(/[\\/:*?"<>|\x00-\x1f\x7f]/g, '_')
  return Array.from(clean).slice(0, limits.maxFileName).join('')
}
