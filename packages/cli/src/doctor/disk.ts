import type { StatsFs } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import { readSettings } from '@sluice/server'
import { formatBytes } from '../quantities.ts'
import { failed, ok, type Verdict, warning } from './finding.ts'

/** What is asked of a file system. */
export type FileSystem = Pick<StatsFs, 'type' | 'bsize' | 'bavail' | 'ffree' | 'files'>

/** So much above the reserve is a warning: a day's uploads may be more. */
const littleBytes = 2 ** 30

/** Every upload and every file takes one. */
const fewInodes = 10_000

/** File systems that Sluice should not be on, by their numbers on Linux (statfs(2)). */
const unfit = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
])

/** Those that end with the machine's run, or with the container. */
const passing = new Map([
  [0x01021994, 'tmpfs: it is memory'],
  [0x794c7630, "overlayfs: a container's own layer"],
])

export interface DiskPorts {
  readonly env?: NodeJS.ProcessEnv
  readonly stat?: (path: string) => Promise<FileSystem>
}

/** Whether the data directory can take uploads: room above the reserve, inodes, its file system, permission to write. */
export async function checkDisk(
  directory: string,
  { env = process.env, stat = statfs }: DiskPorts = {},
): Promise<Verdict> {
  const { type, bsize, bavail, ffree, files } = await stat(directory)
  const free = bavail * bsize
  const reserve = readSettings({ SLUICE_MIN_FREE_SPACE: env['SLUICE_MIN_FREE_SPACE'] }).SLUICE_MIN_FREE_SPACE
  const room = `${formatBytes(free)} free in ${directory}, ${formatBytes(reserve)} of it kept (SLUICE_MIN_FREE_SPACE)`
  if (free <= reserve)
    return failed(`${room}: uploads are refused`, 'Make room, or move the data directory to a larger disk.')
  if (files > 0 && ffree === 0)
    return failed(`no inode is free in ${directory}`, 'Remove small files from that file system.')
  const foreign = unfit.get(type)
  if (foreign !== undefined) {
    return failed(
      `${directory} is on ${foreign}, whose locks and order of syncs are not to be trusted`,
      'Use a file system on a local disk.',
    )
  }
  const denied = await access(directory, constants.W_OK | constants.X_OK).catch((error: NodeJS.ErrnoException) => error)
  if (denied) {
    return failed(
      `${directory} cannot be written to here (${denied.code})`,
      'Run this as the user of the service; if it is that user, give it the directory (chown -R).',
    )
  }
  const shortLived = passing.get(type)
  if (shortLived !== undefined) {
    return warning(`${directory} is on ${shortLived}, and goes with it`, 'Use a disk, or a volume of the container.')
  }
  if (free - reserve < littleBytes) return warning(room, 'Make room soon: uploads are refused at the reserve.')
  if (files > 0 && ffree < fewInodes)
    return warning(`${ffree} inodes are free in ${directory}`, 'Remove small files there.')
  return ok(room)
}
