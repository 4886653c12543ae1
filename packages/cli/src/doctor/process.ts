import { ask } from './ask.ts'
import { ok, skipped, type Verdict, warning } from './finding.ts'
import type { Subject } from './subject.ts'

/** One for each connection and each download, and up to 512 for uploads. */
const fewFiles = 4_096

/** What the service's own process says of itself at `/metrics`, which the public should not read. */
export async function checkProcess({ url, prefix, reach }: Subject): Promise<Verdict> {
  const { status, body } = await ask(new URL(`${prefix}/metrics`, url))
  const metrics = body.toString('utf8')
  if (status !== 200 || !metrics.includes('\nsluice_')) {
    return skipped(
      '/metrics is not passed on, and need not be: name the service itself with --url to look into its process',
    )
  }
  if (reach === 'everybody') {
    return warning(
      '/metrics can be read by anybody',
      'Have the proxy pass on /v2/index.php, /v3/index.php and /vod… alone, as docs/operating.md shows.',
    )
  }
  const node = /^nodejs_version_info\{version="v([\d.]+)"/m.exec(metrics)?.[1]
  const openFiles = figure(metrics, 'process_open_fds')
  const maxFiles = figure(metrics, 'process_max_fds')
  const runs = `Node ${node ?? 'unknown'}`
  if (openFiles === undefined || maxFiles === undefined) return ok(`${runs}; how many files it may open is not told`)
  const finding = `${runs}, ${openFiles} of ${maxFiles} files open`
  return maxFiles >= fewFiles
    ? ok(finding)
    : warning(finding, 'Raise the limit: LimitNOFILE=65536 in the unit, or ulimit -n.')
}

function figure(metrics: string, name: string): number | undefined {
  const text = new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]
  return text === undefined ? undefined : Number(text)
}
